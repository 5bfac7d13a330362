// whoami.mjs PROFILE: role credentials by fromSSO, and a signed GetCallerIdentity.
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { fromSSO } from "@aws-sdk/credential-providers";

const sts = new STSClient({ region: "us-east-1", credentials: fromSSO({ profile: process.argv[2] }) });
const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
console.log(Arn);
