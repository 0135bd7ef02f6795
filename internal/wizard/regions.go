package wizard

// Region is one of AWS's.
type Region struct{ Code, Name string }

// Regions are those that AWS's console offers, in the order of their names, the
// special partitions last. Source: AWS General Reference, “Regions and
// Availability Zones”. A region that is missing here still works: its links and
// addresses follow from its code.
func Regions() []Region {
	return []Region{
		{"af-south-1", "Africa (Cape Town)"},
		{"ap-east-1", "Asia Pacific (Hong Kong)"},
		{"ap-south-2", "Asia Pacific (Hyderabad)"},
		{"ap-southeast-3", "Asia Pacific (Jakarta)"},
		{"ap-southeast-5", "Asia Pacific (Malaysia)"},
		{"ap-southeast-4", "Asia Pacific (Melbourne)"},
		{"ap-south-1", "Asia Pacific (Mumbai)"},
		{"ap-northeast-3", "Asia Pacific (Osaka)"},
		{"ap-northeast-2", "Asia Pacific (Seoul)"},
		{"ap-southeast-1", "Asia Pacific (Singapore)"},
		{"ap-southeast-2", "Asia Pacific (Sydney)"},
		{"ap-southeast-7", "Asia Pacific (Thailand)"},
		{"ap-northeast-1", "Asia Pacific (Tokyo)"},
		{"ca-central-1", "Canada (Central)"},
		{"ca-west-1", "Canada West (Calgary)"},
		{"eu-central-1", "Europe (Frankfurt)"},
		{"eu-west-1", "Europe (Ireland)"},
		{"eu-west-2", "Europe (London)"},
		{"eu-south-1", "Europe (Milan)"},
		{"eu-west-3", "Europe (Paris)"},
		{"eu-south-2", "Europe (Spain)"},
		{"eu-north-1", "Europe (Stockholm)"},
		{"eu-central-2", "Europe (Zurich)"},
		{"il-central-1", "Israel (Tel Aviv)"},
		{"mx-central-1", "Mexico (Central)"},
		{"me-south-1", "Middle East (Bahrain)"},
		{"me-central-1", "Middle East (UAE)"},
		{"sa-east-1", "South America (São Paulo)"},
		{"us-east-1", "US East (N. Virginia)"},
		{"us-east-2", "US East (Ohio)"},
		{"us-west-1", "US West (N. California)"},
		{"us-west-2", "US West (Oregon)"},
		{"us-gov-east-1", "AWS GovCloud (US-East)"},
		{"us-gov-west-1", "AWS GovCloud (US-West)"},
		{"eusc-de-east-1", "AWS European Sovereign Cloud (Germany)"},
		{"cn-north-1", "China (Beijing)"},
		{"cn-northwest-1", "China (Ningxia)"},
	}
}

// RegionName is what AWS's console calls a region; its code, where AWS has made
// a new one since.
func RegionName(code string) string {
	for _, r := range Regions() {
		if r.Code == code {
			return r.Name
		}
	}
	return code
}
