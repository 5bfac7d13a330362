package console

import (
	"maps"
	"slices"
	"strings"
)

// A service is a console's page below its host.
type service struct {
	path     string // without /home
	fragment string // behind #
}

// isGlobal reports whether a service has one page for all regions.
func (s service) isGlobal() bool {
	first, _, _ := strings.Cut(s.path, "/")
	return slices.Contains([]string{
		"billing", "cloudfront", "cost-management", "costmanagement", "globalaccelerator", "health", "iam", "organizations",
		"route53", "support", "trustedadvisor",
	}, first)
}

// services are the consoles by the names that people type: AWS's own prefixes, names of products, and short ones
// (issue 13, handout.md 4).
func services() map[string]service {
	named := map[string]service{}
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		names := strings.Fields(line)
		path, fragment, _ := strings.Cut(names[0], "#")
		for _, name := range names[1:] {
			named[name] = service{path, fragment}
		}
		if fragment == "" && !strings.Contains(path, "/") {
			named[path] = service{path: path}
		}
	}
	return named
}

// table has a line for each page: its path, and the names for it. A path without a slash is a name, too.
const table = `
acm certificates certificatemanager cm
acm-pca privateca pca
amplify
aos opensearch es elasticsearch
apigateway apigw api agw
appconfig systems-manager-appconfig
apprunner
appstream2 appstream
appsync graphql
athena
backup
batch
bedrock
billing bills
cloud9 c9
cloudformation cfn stacks
cloudfront/v4 cloudfront cf cdn
cloudhsm hsm
cloudshell shell
cloudtrail ct trail
cloudwatch cw watch
cloudwatch#logsV2:log-groups logs cwl cloudwatchlogs
cloudwatch#alarmsV2: alarms
codesuite/codeartifact codeartifact
codesuite/codebuild codebuild cb
codesuite/codecommit codecommit cc
codesuite/codedeploy codedeploy cd
codesuite/codepipeline codepipeline cp
cognito/v2 cognito cognito-idp idp userpools
compute-optimizer optimizer
config
connect
controltower tower
cost-management ce costexplorer cost
costmanagement budgets
databrew
datasync
datazone
detective
devicefarm
devops-guru
directconnect/v2 directconnect dx
directoryservicev2 ds directory
dms/v2 dms
docdb documentdb
drs
dynamodbv2 dynamodb ddb dynamo
ec2/v2 ec2 instances
ecr registry
ecs/v2 ecs fargate
efs
eks kubernetes
elasticache redis valkey memcached
elasticbeanstalk eb beanstalk
emr elasticmapreduce
events eventbridge cwe
fis chaos
fsx
glacier
globalaccelerator
glue
grafana amg
guardduty gd
health phd
iam iamv2
imagebuilder
inspector/v2 inspector inspector2
iot iotcore
kendra
keyspaces cassandra
kinesis
kms keys
lakeformation
lambda l functions
lex
lightsail
location geo
macie macie2
managed-flink flink kinesisanalytics
mediaconvert
medialive
memorydb
mgn
msk kafka
mwaa airflow
neptune
network-firewall
organizations/v2 organizations orgs org
outposts
pinpoint
polly
prometheus amp
quicksight qs
ram
rds aurora
redshiftv2 redshift rs
rekognition
resiliencehub
resource-explorer
resource-groups rg tageditor
rolesanywhere
route53/v2 route53 r53 dns
route53resolver resolver
s3 buckets
sagemaker
scheduler
secretsmanager secrets scrm sm
securityhub scrh
servicecatalog sc
cloudmap servicediscovery
servicequotas quotas limits
ses email
singlesignon sso identitycenter idc iam-identity-center
sns topics
sqs/v3 sqs queues
states sfn stepfn stepfunctions step-functions
storagegateway sgw
support cases
systems-manager ssm
systems-manager/parameters param parameters parameterstore
systems-manager/session-manager session-manager
textract
timestream
transcribe
transfer sftp
translate
trustedadvisor tra ta
vpcconsole vpc subnets
wafv2/homev2 waf wafv2
wellarchitected wa
workspaces
xray traces`

// Known reports whether text is the name of a service that Destination knows, in any case, or no name at all.
func Known(text string) bool {
	name := strings.ToLower(text)
	_, ok := services()[name]
	return ok || text == "" || !isService(name)
}

// Services returns the names that Destination knows, in order.
func Services() []string { return slices.Sorted(maps.Keys(services())) }
