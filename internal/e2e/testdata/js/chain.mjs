// chain.mjs TIMES PAUSE: the SDK's default chain, in one process; prints who it is, and with which key, each time.
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";

const [times, pause] = process.argv.slice(2).map(Number);
const sts = new STSClient({});
for (let i = 0; i < times; i++) {
  if (i > 0) {
    await new Promise((resolve) => setTimeout(resolve, pause * 1000));
  }
  const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
  const { accessKeyId } = await sts.config.credentials();
  console.log(Arn, accessKeyId);
}
