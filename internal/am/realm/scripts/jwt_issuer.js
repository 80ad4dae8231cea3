/*
 * Finds the settings of the issuer of a JWT that is shown as a grant (RFC 7523).
 *
 * What is here: issuer, realm, idRepository, secrets, httpClient, logger.
 *
 * Returns a TrustedJwtIssuerConfig, or null: the issuer is not trusted.
 */
(function () {
    return null;
}());
