package admin

import (
	"strconv"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// A stamp is a time as AWS JSON 1.1 writes it: a number of seconds.
type stamp time.Time

// MarshalJSON writes milliseconds as a fraction.
func (s stamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(s).UnixMilli())/1000, 'f', -1, 64), nil
}

type instance struct {
	InstanceArn     string
	IdentityStoreId string
	OwnerAccountId  string
	Name            string `json:",omitempty"`
	CreatedDate     stamp
	Status          string
}

func (c *call) describedInstance() instance {
	i := c.instance
	return instance{i.ARN(), i.IdentityStoreID, i.OwnerAccount, i.Name, stamp(i.Created), "ACTIVE"}
}

type listInstancesOutput struct {
	Instances []instance
	next
}

// listInstances lists the only instance.
func listInstances(c *call, _ store.Reader, in *ssoPage) (*listInstancesOutput, error) {
	all := []instance{c.describedInstance()}
	place := func(i instance) string { return i.InstanceArn }
	instances, next, err := paged(c, page(*in), place, among(all, place))
	return &listInstancesOutput{instances, next}, err
}

type encryption struct{ KeyType, EncryptionStatus string }

type describeInstanceOutput struct {
	instance
	EncryptionConfigurationDetails encryption
}

func describeInstance(c *call, _ store.Reader, _ *onInstance) (*describeInstanceOutput, error) {
	return &describeInstanceOutput{c.describedInstance(), encryption{"AWS_OWNED_KMS_KEY", "ENABLED"}}, nil
}

type updateInstanceInput struct {
	onInstance
	Name                    string `aws:"NameType"`
	EncryptionConfiguration *struct {
		KeyType   string `aws:"KmsKeyType,required"`
		KmsKeyArn string `aws:"KmsKeyArn"`
	}
}

// updateInstance changes the name, if one is given. Customer managed keys are not supported.
func updateInstance(c *call, tx store.Tx, in *updateInstanceInput) (*none, error) {
	if e := in.EncryptionConfiguration; e != nil && e.KeyType != "AWS_OWNED_KMS_KEY" {
		return nil, errValidation.say("The KeyType %s is not supported", e.KeyType)
	}
	if in.Name != "" {
		c.instance.Name = in.Name
	}
	c.note(c.instance.ID, "name "+c.instance.Name)
	return &none{}, directory.Instances().Put(tx, c.instance)
}
