/*
 * Says who may exchange this token for one of their own (RFC 8693, section 4.4).
 *
 * What is here: token, scopes, requestProperties, clientProperties, identity, session
 * (only in browser flows), logger, scriptName.
 *
 * The example lets the client "delegate-client" do so, acting as itself. Take away the
 * comment marks around it and put in your own names.
 */

/*
import org.forgerock.json.JsonValue

token.setMayAct(
    JsonValue.json(JsonValue.object(
        JsonValue.field("client_id", "delegate-client"),
        JsonValue.field("sub", "(age!delegate-client)"))))
*/
