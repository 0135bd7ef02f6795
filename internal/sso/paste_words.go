package sso

const (
	whereMetadata = "In AWS, open the application and look at the panel “IAM Identity Center metadata”: download the “IAM Identity Center SAML metadata " +
		"file”, or copy its address."
	whereAgain = "Download the “IAM Identity Center SAML metadata file” again and choose the file, or copy all of its text."
)

func pasteError(code, title, text, remedy string) *PasteError {
	return &PasteError{Code: code, Title: title, Text: text, Remedy: remedy}
}

// pasteErrors has the words for everything that is not AWS's metadata.
var pasteErrors = index(
	pasteError("empty", "Nothing was given", "There is no file, no text and no address.", whereMetadata),
	pasteError("too_large", "This is too large", "AWS's metadata is a few kilobytes; this is more than a megabyte.", whereAgain),
	pasteError("not_xml", "This is not a metadata file", "It is not XML, or only a part of it.", whereAgain),
	pasteError("not_metadata", "This is XML, but not metadata", "The file has another purpose, or a part of it is missing.", whereMetadata),
	pasteError("hostile_xml", "This file cannot be trusted", "It has parts that metadata never has, such as a document type declaration or "+
		"thousands of elements.", whereMetadata),
	pasteError("html_page", "This is a web page", "It was saved, copied or fetched instead of the file. That happens when the browser was signed out of AWS, or "+
		"when the address leads to a page.", whereMetadata),
	pasteError("browser_view", "This is how a browser shows an XML file", "It was copied from the browser's window, which leaves parts out and adds others.",
		"Paste the address that the browser shows instead, or save the page as a file and choose that. "+whereMetadata),
	pasteError("escaped_xml", "This is metadata with its brackets replaced",
		"There is “&lt;” where “<” belongs. That happens when it is copied from a page or a message.", whereAgain),
	pasteError("surrounded", "There is something beside the metadata", "Words stand before the first “<”, for example from the message that it came in.",
		"Paste everything from the first “<” to the last “>”, and nothing else. "+whereAgain),
	pasteError("encoding", "This text is in an encoding that cannot be read", "Metadata is UTF-8; UTF-16 and what the file says of itself was tried too.",
		whereAgain),
	pasteError("own_metadata", "This is Postern's own metadata", "It is meant for AWS, and belongs into “Upload application SAML metadata file” there.",
		whereMetadata),
	pasteError("own_address", "This is an address of Postern itself", "It comes from the values that are typed into AWS. Postern needs the address that AWS "+
		"gives for the application.", whereMetadata),
	pasteError("aws_sp_metadata", "This is AWS's metadata for the place that AWS gets its people from",
		"AWS shows it under Settings, “Identity source”. It is meant for Okta, Microsoft Entra ID and the like.", whereMetadata),
	pasteError("aws_account_metadata", "This is AWS's metadata for signing in to AWS accounts",
		"It is the public file of signin.aws.amazon.com, for identity providers of IAM. It says nothing about your application.", whereMetadata),
	pasteError("saml_request", "This is a request to sign in, not metadata",
		"Postern sends such requests to AWS. It was copied from a browser's tools or from a log.", whereMetadata),
	pasteError("saml_response", "This is a login, not metadata", "You pasted a SAML response, as AWS shows it in administrator mode.",
		"To have a login judged, use the inspector under Logins. "+whereMetadata),
	pasteError("no_idp", "This is the metadata of an application, not of AWS",
		"It comes from an application that people sign in to, such as Jira.", whereMetadata),
	pasteError("several_idps", "This file has many identity providers", "Federations publish such files. Postern cannot tell which one you mean.",
		"Use the file of one application. "+whereMetadata),
	pasteError("no_certificate", "This metadata has no certificate", "Without it no login can be verified.", whereAgain),
	pasteError("bad_certificate", "The certificate in this metadata cannot be read",
		"The text was probably changed on the way, for example by an editor that wraps lines.", whereAgain),
	pasteError("no_redirect", "This metadata has no redirect sign-in address",
		"Postern sends people by the HTTP-Redirect binding, and there is no address for it.", whereAgain),
	pasteError("unsupported_url", "This metadata has a sign-in address that is not https", "Postern sends people only to https addresses.", whereAgain),
	pasteError("two_applications", "This mixes two AWS applications", "The addresses in it belong to different applications.",
		"Use the file of the one application that you made for Postern. "+whereMetadata),
	pasteError("certificate_only", "This is a certificate", "AWS offers it as “IAM Identity Center certificate”. It is only a part of what Postern needs, and "+
		"the metadata has it.", whereMetadata),
	pasteError("private_key", "This is a private key", "No part of this setup needs one, and nobody but its owner should have it. It was not stored. If it is "+
		"in use anywhere, replace it there.", whereMetadata),
	pasteError("json", "This is JSON, not metadata", "Metadata is XML.", whereMetadata),
	pasteError("openid_document", "This is an OpenID Connect configuration, not metadata",
		"It describes sign-in by OpenID Connect. AWS signs people in to applications like this one by SAML.", whereMetadata),
	pasteError("json_no_access", "This is AWS's answer “No access”", "AWS shows it to people who are not assigned to the application, or whose sign-in does "+
		"not fit its settings.", whereMetadata),
	pasteError("base64_metadata", "This is metadata in base64", "A program or a configuration file has encoded it.", whereAgain),
	pasteError("base64", "This is encoded text", "It looks like base64, and is neither metadata nor a certificate.", whereMetadata),
	pasteError("aws_id", "This is an ID of AWS", "It names an account, an instance or an application. Postern reads it out of the metadata by itself.",
		whereMetadata),
	pasteError("no_scheme", "This address has no “https://”", "It was copied without its beginning.", "Put https:// before it and try again. "+whereMetadata),
	pasteError("portal_url", "This is the address of the access portal", "People open it to see their tiles; it does not describe your application.",
		whereMetadata),
	pasteError("issuer_url", "This is the issuer of the whole IAM Identity Center, not of your application",
		"AWS shows it under Settings as “Issuer URL”; programs that check AWS's tokens use it.", whereMetadata),
	pasteError("scim_url", "This is AWS's SCIM endpoint",
		"AWS shows it under Settings, “Automatic provisioning”; another identity provider pushes people to it.", whereMetadata),
	pasteError("console_url", "This is a page of the AWS console", "It comes from the address bar of your browser. Postern cannot sign in there.", whereMetadata),
	pasteError("arn", "This is an ARN", "AWS uses it to name things in its own programs; it stands among the details of the application.", whereMetadata),
	pasteError("sign_in_url", "This is the sign-in address or the issuer", "AWS shows three addresses that look alike; this is “IAM Identity Center sign-in "+
		"URL” or “IAM Identity Center SAML issuer URL”.", "The one you need has “/saml/metadata/” in it. "+whereMetadata),
	pasteError("sign_out_url", "This is the sign-out address", "AWS shows three addresses that look alike; this is “IAM Identity Center sign-out URL”.",
		"The one you need has “/saml/metadata/” in it. "+whereMetadata),
	pasteError("not_https", "This address is not https", "Metadata decides who may sign in, so Postern fetches it only over https.", whereMetadata),
	pasteError("several_urls", "These are several addresses", "Postern needs one.", "Paste only the address of the SAML metadata file. "+whereMetadata),
)

func index(all ...*PasteError) map[string]*PasteError {
	m := make(map[string]*PasteError, len(all))
	for _, e := range all {
		m[e.Code] = e
	}
	return m
}
