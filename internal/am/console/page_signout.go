package console

import "net/http"

func signOutPage() page {
	return page{Name: "signout", Handlers: map[string]func(*visit) error{"POST signout": signOut}}
}

// signOut ends the session and leads to the sign-in page.
func signOut(v *visit) error {
	if _, err := v.api.post("sessions?_action=logout", nil); err != nil {
		return err
	}
	v.console.Login.ClearCookies(v.w, v.r, v.place)
	http.Redirect(v.w, v.r, v.place.Context+"/XUI/", http.StatusSeeOther)
	return nil
}
