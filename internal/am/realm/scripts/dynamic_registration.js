/*
 * Completes a client that registers itself (RFC 7591).
 *
 * What is here: operation ("CREATE" and others), clientIdentity, logger, scriptName.
 *
 * Nothing needs to be returned: what is set on clientIdentity and stored counts.
 */
// if (operation === "CREATE") {
//     clientIdentity.setAttribute("contacts", ["admin@example.com"]);
//     clientIdentity.store();
// }
