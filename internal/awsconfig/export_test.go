package awsconfig

// All returns every section of kind as botocore would: a value is a string, or a map of strings for a nested block.
func (c *Config) All(kind string) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, name := range c.names(kind) {
		section := map[string]any{}
		for key, e := range c.find(kind, name).entries {
			if e.nested == nil {
				section[key] = e.value
				continue
			}
			nested := map[string]any{}
			for _, p := range e.nested {
				if !p.bare {
					nested[p.key] = p.value
				}
			}
			section[key] = nested
		}
		all[name] = section
	}
	return all
}

// Readings returns how each tool is said to read the first section of a file: its kind and name.
func (d *Document) Readings(credentials bool) map[string][2]string {
	readings := map[string][2]string{}
	for _, r := range d.readers(d.sections[0], credentials) {
		readings[r.tool] = [2]string{r.kind, r.name}
	}
	return readings
}
