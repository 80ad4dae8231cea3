package rest

import (
	"slices"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/realm"
)

// userDevices are the devices of a user, of one kind: users and administrators list, rename and remove them
// (PingAM: devices/2fa, devices/profile). They are registered by journeys.
func (s *Server) userDevices(path string, kind devices.Kind) *Resource {
	v := deviceList{s, kind}
	r := &Resource{
		Path: "users/{user}/devices/" + path, Version: "1.0", Allow: ownPart, Check: ownDevices, NoPutCreate: true,
		Query: v.query, Read: v.read, Update: v.rename, Delete: v.remove,
	}
	if kind == devices.OATH {
		r.Actions = map[string]Action{"reset": {Do: v.reset}}
	}
	return r
}

// ownDevices refuses devices of users that are not there, to those who may know. Users of directories have some too.
func ownDevices(c *Call) error {
	if ownPart(c, VerbRead) != nil {
		return nil
	}
	_, err := c.Realm.User(c.Context(), c.Vars["user"])
	return err
}

type deviceList struct {
	*Server
	kind devices.Kind
}

func (v deviceList) of(c *Call) (*realm.User, []devices.Device, error) {
	u, err := c.Realm.User(c.Context(), c.Vars["user"])
	if err != nil {
		return nil, nil, err
	}
	list, err := v.kind.Of(u, v.Realms)
	return u, list, err
}

// find returns the device with its place in the list.
func (v deviceList) find(c *Call, id string) (*realm.User, []devices.Device, int, error) {
	u, list, err := v.of(c)
	at := slices.IndexFunc(list, func(d devices.Device) bool { return d.UUID == id })
	if err == nil && at < 0 {
		err = notFound()
	}
	return u, list, at, err
}

func (v deviceList) object(d devices.Device) Object {
	if v.kind == devices.Profile {
		o := Object{"_id": d.UUID, "identifier": d.UUID, "alias": d.Name, "lastSelectedDate": d.Used, "recoveryCodes": []any{}}
		if d.Metadata != nil {
			o["metadata"] = d.Metadata
		}
		if d.Located {
			o["location"] = Object{"latitude": d.Latitude, "longitude": d.Longitude}
		}
		return o
	}
	o := Object{"_id": d.UUID, "uuid": d.UUID, "deviceName": d.Name, "createdDate": d.Created, "lastAccessDate": d.Used, "deviceManagementStatus": false}
	if d.CredentialID != "" {
		o["credentialId"] = d.CredentialID
	}
	return o
}

func (v deviceList) query(c *Call) ([]Object, error) {
	_, list, err := v.of(c)
	out := []Object{}
	for _, d := range list {
		out = append(out, v.object(d))
	}
	return out, err
}

func (v deviceList) read(c *Call, id string) (Object, error) {
	_, list, at, err := v.find(c, id)
	if err != nil {
		return nil, err
	}
	return v.object(list[at]), nil
}

// rename takes the name; what else of a device is written back changes nothing.
func (v deviceList) rename(c *Call, id string, body Object) (Object, error) {
	u, list, at, err := v.find(c, id)
	if err != nil {
		return nil, err
	}
	member := "deviceName"
	if v.kind == devices.Profile {
		member = "alias"
	}
	text, _ := body[member].(string)
	name := devices.CleanName(text)
	if name == "" {
		return nil, invalid(member)
	}
	list[at].Name = name
	return v.object(list[at]), v.save(c, u, list)
}

func (v deviceList) remove(c *Call, id string) (Object, error) {
	u, list, at, err := v.find(c, id)
	if err != nil {
		return nil, err
	}
	gone := list[at]
	return v.object(gone), v.save(c, u, slices.Delete(list, at, at+1))
}

func (v deviceList) reset(c *Call) (any, error) {
	u, _, err := v.of(c)
	if err != nil {
		return nil, err
	}
	return Object{"result": true}, v.save(c, u, nil)
}

func (v deviceList) save(c *Call, u *realm.User, list []devices.Device) error {
	if err := v.kind.Put(u, v.Realms, list); err != nil {
		return err
	}
	return c.Realm.SaveUser(c.Context(), u)
}
