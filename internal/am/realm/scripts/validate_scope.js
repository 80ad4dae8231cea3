/*
 * Decides which scopes a request gets.
 *
 * What is here: requestedScopes, defaultScopes, allowedScopes, and what each request
 * brings: requestProperties, clientProperties, logger, scriptName.
 *
 * Each function returns the set of scopes to grant, or throws InvalidScopeException.
 */
function pick() {
    var exceptions = new JavaImporter(
        org.forgerock.oauth2.core.exceptions.InvalidScopeException
    );
    if (requestedScopes === null || requestedScopes.isEmpty()) {
        if (defaultScopes === null || defaultScopes.isEmpty()) {
            throw new exceptions.InvalidScopeException("No scope requested and no default scope configured");
        }
        return defaultScopes;
    }
    var unknown = new java.util.HashSet(requestedScopes);
    unknown.removeAll(allowedScopes);
    if (!unknown.isEmpty()) {
        throw new exceptions.InvalidScopeException("Unknown/invalid scope(s): " + unknown);
    }
    return requestedScopes;
}

function validateAuthorizationScope() {
    return pick();
}

function validateAccessTokenScope() {
    return pick();
}

function validateRefreshTokenScope() {
    return pick();
}

function validateBackChannelAuthorizationScope() {
    return pick();
}
