/*
 * Adds parameters to the answer of the authorize endpoint.
 *
 * What is here: session (when there is one), httpClient, logger, scriptName.
 *
 * Returns a map of strings; an empty one adds nothing.
 */
(function () {
    var parameters = new java.util.HashMap();
    // parameters.put("region", "eu");
    return parameters;
}());
