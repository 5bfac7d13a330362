// profile.mjs PROFILE …: a signed GetCallerIdentity with each profile, whatever form it has.
// profile.mjs --list: what the SDK makes of the config file, as JSON.
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { loadSharedConfigFiles } from "@smithy/core/config";

const profiles = process.argv.slice(2);
if (profiles[0] === "--list") {
  const { configFile } = await loadSharedConfigFiles();
  console.log(JSON.stringify(configFile));
} else {
  for (const profile of profiles) {
    const sts = new STSClient({ profile, region: "us-east-1", credentials: fromNodeProviderChain({ profile }) });
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    console.log(Arn);
  }
}
