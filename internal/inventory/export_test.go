package inventory

// Save stores inv without a listing.
func Save(s *Store, p Place, inv *Inventory) error { return s.save(p, inv) }
