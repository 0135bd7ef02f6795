// Judges what a SCIM server answers with the npm package scimmy. It reads one JSON
// line, a list of answers, each an object, and writes for each what is wrong with it.
import { createInterface } from 'node:readline'
import SCIMMY from 'scimmy'

const { User, Group, EnterpriseUser, ResourceType, ServiceProviderConfig } = SCIMMY.Schemas
User.extend(EnterpriseUser)
const resources = Object.fromEntries([User, Group, ResourceType, ServiceProviderConfig].map((s) => [s.definition.id, s]))
const definitions = Object.fromEntries([User, Group, EnterpriseUser].map((s) => [s.definition.id, s.definition]))
const schemaOfSchemas = 'urn:ietf:params:scim:schemas:core:2.0:Schema'

// differences are those of attributes that both know: clients read these to know what they may send.
const differences = (ours, theirs, at) => ours.flatMap((a) => {
	const b = theirs.find((x) => x.name === a.name)
	if (b === undefined) return [`${at}${a.name} is not of the schema`]
	const theirsHas = { uniqueness: 'none', ...b } // RFC 7643, 2.2
	const found = ['type', 'multiValued', 'required', 'mutability', 'returned', 'uniqueness'].filter((k) => a[k] !== theirsHas[k])
		.map((k) => `${at}${a.name}: ${k} is ${a[k]}, want ${theirsHas[k]}`)
	return [...found, ...differences(a.subAttributes ?? [], b.subAttributes ?? [], `${at}${a.name}.`)]
})

const judge = (answer) => {
	const schemas = answer.schemas ?? []
	if (schemas.includes(SCIMMY.Messages.ListResponse.id)) {
		const { totalResults, startIndex, itemsPerPage } = answer // as numbers: the constructor takes texts too
		const list = new SCIMMY.Messages.ListResponse(answer.Resources ?? [], { totalResults, startIndex, itemsPerPage })
		new SCIMMY.Messages.ListResponse(answer)
		return list.Resources.flatMap(judge)
	}
	if (schemas.includes(SCIMMY.Messages.Error.id)) {
		const { status, scimType, detail } = answer
		new SCIMMY.Messages.Error({ status, scimType, detail })
		return typeof status === 'string' ? [] : ['the status is no text']
	}
	if (schemas.includes(schemaOfSchemas)) return differences(answer.attributes, JSON.parse(JSON.stringify(definitions[answer.id].describe())).attributes, '')
	const schema = resources[schemas[0]]
	if (schema === undefined) return [`nothing is known of ${schemas[0]}`]
	new schema(answer, 'out')
	return []
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const asked = JSON.parse((await lines.next()).value)
process.stdout.write(JSON.stringify(asked.map((answer) => {
	try {
		return judge(answer)
	} catch (e) {
		return [String(e)]
	}
})))
