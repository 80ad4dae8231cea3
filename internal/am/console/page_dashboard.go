package console

func dashboardPage() page {
	return page{
		Name: "", Title: "Dashboard", Icon: "chart",
		Handlers: map[string]func(*visit) error{"GET ": func(v *visit) error { return v.goTo("applications", "") }},
	}
}
