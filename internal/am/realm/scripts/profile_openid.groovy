// rawProfile has the claims of the ID token and of userinfo. The result is what all providers have in common.
import static org.forgerock.json.JsonValue.field
import static org.forgerock.json.JsonValue.json
import static org.forgerock.json.JsonValue.object

def username = [rawProfile.preferred_username, rawProfile.email, rawProfile.sub].find { it.isNotNull() }

return json(object(
        field("id", rawProfile.sub),
        field("displayName", rawProfile.name),
        field("givenName", rawProfile.given_name),
        field("familyName", rawProfile.family_name),
        field("photoUrl", rawProfile.picture),
        field("email", rawProfile.email),
        field("username", username),
        field("locale", rawProfile.locale)))
