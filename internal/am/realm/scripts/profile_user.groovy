// normalizedProfile is what a script of the provider made. The result are attributes of a user.
import static org.forgerock.json.JsonValue.field
import static org.forgerock.json.JsonValue.json
import static org.forgerock.json.JsonValue.object

def user = json(object(field("userName", normalizedProfile.username)))
if (normalizedProfile.givenName.isNotNull()) user.put("givenName", normalizedProfile.givenName)
if (normalizedProfile.familyName.isNotNull()) user.put("sn", normalizedProfile.familyName)
if (normalizedProfile.email.isNotNull()) user.put("mail", normalizedProfile.email)
return user
