// rawProfile is what GitHub says of a user. The result is what all providers have in common.
import static org.forgerock.json.JsonValue.field
import static org.forgerock.json.JsonValue.json
import static org.forgerock.json.JsonValue.object

def words = rawProfile.name.isString() ? rawProfile.name.asString().trim() : ""
def space = words.lastIndexOf(" ")

return json(object(
        field("id", rawProfile.id),
        field("displayName", rawProfile.name),
        field("givenName", space > 0 ? words.substring(0, space) : words),
        field("familyName", space > 0 ? words.substring(space + 1) : words),
        field("photoUrl", rawProfile.avatar_url),
        field("email", rawProfile.email),
        field("username", rawProfile.login)))
