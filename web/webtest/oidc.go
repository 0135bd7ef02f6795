package webtest

const AppCallback = "https://jira.example.com/plugins/servlet/oidc/callback"
