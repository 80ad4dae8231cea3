/*
 * Changes an access token before it is issued.
 *
 * What is here: accessToken, scopes, requestProperties, clientProperties, identity
 * (not for tokens without a user), session (only in browser flows), httpClient,
 * logger, scriptName.
 *
 * Nothing needs to be returned: what is set on accessToken counts.
 */

/*
// A claim from the user's profile:
accessToken.setField("mail", identity.getAttribute("mail"))

// A fixed claim:
accessToken.setField("department", "sales")

// Something beside the token in the answer of the token endpoint:
accessToken.addExtraData("region", "eu")
*/
