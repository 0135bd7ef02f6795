// Calls AWS's APIs with AWS's own SDK for JavaScript. It reads one JSON line with
// the settings and the calls, and writes one JSON line with what each call gave:
// the answer, or all pages of it as a list, or the error.
import * as identitystore from '@aws-sdk/client-identitystore'
import * as ssoadmin from '@aws-sdk/client-sso-admin'
import * as sts from '@aws-sdk/client-sts'
import { createInterface } from 'node:readline'

const services = {
	identitystore: [identitystore, identitystore.IdentitystoreClient],
	sso: [ssoadmin, ssoadmin.SSOAdminClient],
	sts: [sts, sts.STSClient],
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const { endpoint, region, credentials, calls } = JSON.parse((await lines.next()).value)
const results = []
for (const { service, operation, input, pages } of calls) {
	const [commands, Client] = services[service]
	const client = new Client({ endpoint, region, credentials, maxAttempts: 1 })
	try {
		if (pages) {
			const all = []
			for await (const page of commands['paginate' + operation]({ client }, input)) all.push(page)
			results.push({ pages: all })
		} else {
			results.push({ answer: await client.send(new commands[operation + 'Command'](input)) })
		}
	} catch (e) {
		results.push({ error: { name: e.name, message: e.message, status: e.$metadata?.httpStatusCode, reason: e.Reason, type: e.ResourceType } })
	}
}
process.stdout.write(JSON.stringify(results) + '\n')
