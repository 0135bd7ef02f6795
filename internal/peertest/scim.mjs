// Carries out changes of SCIM with the npm package scim-patch and asks filters with
// scim2-parse-filter. It reads one JSON line, a list of {document, operations} and
// {document, filter}, and writes a list of what came out of each.
import { createInterface } from 'node:readline'
import patching from 'scim-patch'
import filtering from 'scim2-parse-filter'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const asked = JSON.parse((await lines.next()).value)
const answer = (c) => {
	try {
		if (c.filter !== '') return { fits: filtering.filter(filtering.parse(c.filter))(c.document) }
		return { document: patching.scimPatch(c.document, c.operations) }
	} catch (e) {
		return { error: String(e.message) }
	}
}
process.stdout.write(JSON.stringify(asked.map(answer)))
