/*
 * Adds to what the token information endpoint tells of an access token.
 *
 * What is here: accessToken, identity (not for tokens without a user), httpClient,
 * logger, scriptName.
 *
 * Returns a map: every scope that names an attribute of the user's profile, with the
 * attribute's values.
 */
(function () {
    var found = new java.util.HashMap();
    accessToken.getScope().toArray().forEach(function (scope) {
        var values = identity === null || identity === undefined ? [] : identity.getAttribute(scope).toArray();
        found.put(scope, Array.prototype.join.call(values, ","));
    });
    return found;
}());
