// An app that uses the npm package openid-client. It reads one JSON line with
// its settings, writes the address to send the browser to, reads the address
// that the browser comes back to, and writes what it got.
import * as client from 'openid-client'
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => (await lines.next()).value
const write = (value) => process.stdout.write(JSON.stringify(value) + '\n')

const settings = JSON.parse(await read())
const auth = settings.secret === '' ? client.None()
	: settings.post ? client.ClientSecretPost(settings.secret) : client.ClientSecretBasic(settings.secret)
const config = await client.discovery(new URL(settings.issuer), settings.clientID, undefined, auth,
	{ execute: [client.allowInsecureRequests] })
client.enableNonRepudiationChecks(config)

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
write({
	url: client.buildAuthorizationUrl(config, {
		redirect_uri: settings.redirectURI, scope: 'openid profile email groups offline_access',
		code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state, nonce, max_age: '3600',
	}).href,
})

try {
	const tokens = await client.authorizationCodeGrant(config, new URL(await read()),
		{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 3600, idTokenExpected: true })
	const claims = tokens.claims()
	const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
	const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
	const again = await client.fetchUserInfo(config, refreshed.access_token, claims.sub)
	await client.tokenRevocation(config, refreshed.refresh_token)
	const revoked = await client.fetchUserInfo(config, refreshed.access_token, claims.sub).then(() => '', (e) => String(e.cause?.status ?? e.status ?? e))
	write({
		claims, userinfo, again, revoked,
		logout: client.buildEndSessionUrl(config, { post_logout_redirect_uri: settings.redirectURI, id_token_hint: tokens.id_token }).href,
	})
} catch (e) {
	write({ error: e.error ?? String(e), code: e.code, description: e.error_description })
}
process.exit(0)
