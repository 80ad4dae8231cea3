/*
 * Gathers the claims of a user for ID tokens and the userinfo endpoint
 * (OpenID Connect Core, sections 5.1 and 5.4).
 *
 * What is here: claims (those set already), scopes, requestedClaims (name to wanted
 * values), claimsLocales, identity, session (only in browser flows), requestProperties,
 * clientProperties, httpClient, logger, scriptName.
 *
 * Returns UserInfoClaims: the claims, and which of them each scope brought.
 */
import org.forgerock.oauth2.core.UserInfoClaims

// The first value of a profile attribute, or null.
def attribute = { name ->
    def values = identity.getAttribute(name)
    values ? values.iterator().next() : null
}

// How each claim is read from the profile.
def readers = [
    "name"        : { attribute("cn") },
    "given_name"  : { attribute("givenname") },
    "family_name" : { attribute("sn") },
    "zoneinfo"    : { attribute("preferredtimezone") },
    "locale"      : { attribute("preferredlocale") },
    "email"       : { attribute("mail") },
    "phone_number": { attribute("telephonenumber") },
    "address"     : {
        def text = attribute("postaladdress")
        text ? ["formatted": text] : null
    }
]

// Which claims each scope asks for.
def claimsOfScope = [
    "profile": ["name", "given_name", "family_name", "zoneinfo", "locale"],
    "email"  : ["email"],
    "phone"  : ["phone_number"],
    "address": ["address"]
]

def values = [:]
def composite = [:]
claims.each { name, value -> values[name] = value }

// A claim that was asked for with certain values is given only if it has one of them.
def give = { name, wanted ->
    def reader = readers[name]
    if (reader == null || values[name] != null) {
        return
    }
    def value = reader()
    if (value == null || (wanted && !wanted.contains(value))) {
        return
    }
    values[name] = value
}

scopes.each { scope ->
    def names = claimsOfScope[scope]
    if (names != null) {
        composite[scope] = names
        names.each { name -> give(name, requestedClaims[name]) }
    }
}
requestedClaims.each { name, wanted -> give(name, wanted) }

return new UserInfoClaims(values, composite)
