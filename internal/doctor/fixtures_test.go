package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rolecall/internal/doctor"
	"rolecall/internal/identitycenter"
)

// fixtures break one thing each, by the id of what is found.
func fixtures() map[string]func(*machine) {
	all := map[string]func(*machine){}
	for id, text := range configFixtures() {
		all[id] = func(m *machine) { m.config(text) }
	}
	for _, some := range []map[string]func(*machine){
		fileFixtures(), environmentFixtures(), cacheFixtures(), modeFixtures(), toolFixtures(), onlineFixtures(),
		storageFixtures(),
	} {
		for id, fixture := range some {
			all[id] = fixture
		}
	}
	return all
}

// configFixtures are what is added to the config file.
func configFixtures() map[string]string {
	const (
		two  = "[sso-session two]\nsso_start_url = https://two.awsapps.com/start\n"
		west = "sso_region = eu-west-1\n"
		x    = "[profile x]\n"
		role = "sso_account_id = 111122223333\nsso_role_name = R\n"
		keys = "aws_access_key_id = AKIA\naws_secret_access_key = canary-secret\n"
		arn  = "role_arn = arn:aws:iam::111122223333:role/R\n"
	)
	return map[string]string{
		"config.unreadable":          "[profile open\n",
		"config.not-utf8":            "# \xff\n",
		"config.duplicate-section":   "[profile dev]\noutput = json\n",
		"config.duplicate-key":       "[profile x]\noutput = json\noutput = text\n",
		"config.bare-line":           "[profile x]\noutput = json\nthat is all\n",
		"config.open-header":         "[profile x]\noutput = json\n[profile y = z\n",
		"config.block-line":          "[profile x]\ns3 =\n  = 20\n",
		"config.indented-key":        "[profile x]\n  output = json\n",
		"config.carriage-return":     "# a\r# b\n",
		"config.unread-section":      "[Profile x]\noutput = json\n",
		"config.section-differs":     "[profile \"x\"]\noutput = json\n",
		"config.respelled-section":   "[default]\noutput = json\n[profile default]\noutput = json\n",
		"config.default-for-all":     "[DEFAULT]\noutput = json\n",
		"config.indented-header":     "[profile x]\noutput = json\n [profile y]\n",
		"config.unknown-key":         "[profile x]\nsso-region = eu-west-1\n",
		"config.unknown-service":     "[services x]\nsso-oidc =\n  endpoint_url = http://127.0.0.1:1\n",
		"config.misplaced-key":       two + west + "sso_account_id = 111122223333\n",
		"config.no-equals-sign":      "[profile x]\nregion eu-west-1:x\n",
		"config.continued-key":       "[profile x]\noutput = json\n  region = eu-west-1\n",
		"config.colon":               "[profile x]\noutput : json\n",
		"config.capital-letters":     "[profile x]\nOutput = json\n",
		"config.key-characters":      "[profile x]\nmy key = json\n",
		"config.comment-in-value":    "[profile x]\noutput = json # or text\n",
		"config.quotes":              "[profile x]\noutput = \"json\"\n",
		"config.strange-character":   "[profile x]\noutput = json\u200b\n",
		"config.invalid-value":       "[profile x]\nregion = europe\n",
		"config.unknown-session":     x + "sso_session = crop\n" + role,
		"config.unknown-profile":     x + arn + "source_profile = dve\n",
		"config.unknown-services":    "[profile x]\nservices = there\n",
		"config.no-sso-region":       "[sso-session two]\nsso_start_url = https://two.awsapps.com/start\n",
		"config.mistyped-region":     "[profile x]\nregion = eu-wset-1\n",
		"config.start-url-region":    two + "sso_region = cn-north-1\n",
		"config.region-of-partition": "[profile x]\nsso_session = corp\nregion = cn-north-1\n",
		"config.role-of-iam": x + "sso_session = corp\nsso_account_id = 111122223333\n" +
			"sso_role_name = AWSReservedSSO_Admin_0123456789abcdef\n",
		"config.neither-true-nor-false": "[profile x]\nuse_fips_endpoint = yes\n",
		"config.scopes": "[sso-session two]\nsso_start_url = https://two.awsapps.com/start\nsso_region = eu-west-1\n" +
			"sso_registration_scopes = codecatalyst:read_write\n" +
			"[profile x]\nsso_session = two\nsso_account_id = 111122223333\nsso_role_name = R\n",
		"config.keys-beside-sso":     x + "sso_session = corp\n" + role + keys,
		"config.process-beside-sso":  x + "sso_session = corp\n" + role + "credential_process = rolecall process dev\n",
		"config.unusable":            x + arn + "credential_source = Ec2InstanceMetadata\n",
		"config.legacy-profile":      x + "sso_start_url = https://two.awsapps.com/start\n" + west + role,
		"config.keys-shadow-process": x + keys + "credential_process = rolecall process dev\n",
		"config.start-url-form":      "[sso-session two]\nsso_start_url = https://two.awsapps.com/start/#/\n" + west,
		"config.same-start-url":      "[sso-session two]\nsso_start_url = https://D-9067AA01B2.awsapps.com/start/\n" + west,
		"config.missing-program":     "[profile x]\ncredential_process = /nowhere/rolecall-process --profile dev\n",
		"config.runs-program":        "[profile x]\ncredential_process = aws canary-secret\n",
		"endpoint.in-config":         "[services x]\nsso =\n  endpoint_url = https://canary-secret@sso.example.com\n",
		"ca.unusable":                "[profile x]\nca_bundle = ~/bundle.pem\n",
	}
}

func fileFixtures() map[string]func(*machine) {
	return map[string]func(*machine){
		"home.missing":     func(m *machine) { m.Home, m.State = "", "" },
		"settings.invalid": func(m *machine) { m.Settings = errors.New("/x/config.toml:3: unknown setting") },
		"policy.unusable": func(m *machine) {
			m.Policy = errors.New("/etc/rolecall/policy.toml:1: \"devise_code\" is not a rule of this version")
		},
		"project.untrusted": func(m *machine) {
			m.Projects = []doctor.Project{{File: "/x/.rolecall.toml", State: "untrusted"}}
		},
		"project.changed": func(m *machine) {
			m.Projects = []doctor.Project{{File: "/x/.rolecall.toml", State: "changed"}}
		},
		"project.ignored": func(m *machine) {
			m.Projects = []doctor.Project{{File: "/x/.rolecall.toml", State: "ignored", Problem: "it is a link"}}
		},
		"project.broken": func(m *machine) {
			m.Projects = []doctor.Project{
				{File: "/y/.rolecall.toml", State: "trusted"},
				{File: "/x/.rolecall.toml", State: "trusted", Problem: "/x/.rolecall.toml:2: unknown key"},
			}
		},
		"config.byte-order-mark": func(m *machine) { m.write(".aws/config", "\ufeff"+corp) },
		"config.other-section": func(m *machine) {
			m.write(".aws/credentials", "[Default]\naws_access_key_id = AKIA\naws_secret_access_key = canary-secret\n")
		},
		"shell.no-function": func(m *machine) {
			m.write(".bashrc", "source <(rolecall completion bash)\n# rolecall shell-init\n")
		},
		"shell.no-completion": func(m *machine) { m.write(".bashrc", "eval \"$(rolecall shell-init bash)\"\n") },
		"ca.expired": func(m *machine) {
			m.write("bundle.pem", certificate(m.t))
			m.env["AWS_CA_BUNDLE"] = m.path("bundle.pem")
		},
		"clock.unset":  func(m *machine) { m.Now = time.Unix(0, 0) },
		"clock.behind": func(m *machine) { m.Now = now.Add(-24 * time.Hour) },
	}
}

func environmentFixtures() map[string]func(*machine) {
	variables := func(entries ...string) func(*machine) {
		return func(m *machine) {
			for i := 0; i < len(entries); i += 2 {
				m.env[entries[i]] = entries[i+1]
			}
		}
	}
	keys := []string{"AWS_ACCESS_KEY_ID", "ASIA", "AWS_SECRET_ACCESS_KEY", "canary-secret"}
	return map[string]func(*machine){
		"environment.half-keys":         variables("AWS_ACCESS_KEY_ID", "ASIA"),
		"environment.keys-ended":        variables(append(keys, "AWS_CREDENTIAL_EXPIRATION", "2026-11-01T11:00:00Z")...),
		"environment.keys-override":     variables(append(keys, "AWS_PROFILE", "dev")...),
		"environment.other-credentials": variables("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/canary-secret"),
		"environment.two-profiles": func(m *machine) {
			m.config("[profile two]\noutput = json\n")
			m.env["AWS_PROFILE"], m.env["AWS_DEFAULT_PROFILE"] = "dev", "two"
		},
		"environment.unknown-profile": variables("AWS_PROFILE", "dve"),
		"environment.two-regions":     variables("AWS_REGION", "eu-west-1", "AWS_DEFAULT_REGION", "eu-west-2"),
		"environment.invalid-region":  variables("AWS_REGION", "europe"),
		"environment.missing-file":    variables("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"),
		"environment.config-in-tree": func(m *machine) {
			m.folder(filepath.Join(m.WorkingDir, ".git"))
			m.folder(filepath.Join(m.WorkingDir, "deep"))
			file := filepath.Join(m.WorkingDir, "aws.config")
			m.must(os.WriteFile(file, []byte(corp), 0o600))
			m.WorkingDir = filepath.Join(m.WorkingDir, "deep")
			m.env["AWS_CONFIG_FILE"] = file
		},
		"endpoint.global":    variables("AWS_ENDPOINT_URL", "http://localhost:4566"),
		"endpoint.elsewhere": variables("AWS_ENDPOINT_URL_SSO_OIDC", "https://user:canary-secret@sso.example.com/x"),
		"endpoint.local":     variables("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9000"),
		"proxy.invalid":      variables("HTTPS_PROXY", "proxy, please", "NO_PROXY", "127.0.0.1"),
		"proxy.two-spellings": variables(
			"HTTPS_PROXY", "http://u:canary-secret@a:1", "https_proxy", "http://b:1", "NO_PROXY", "*"),
		"proxy.no-loopback": variables("HTTPS_PROXY", "proxy.example.com:3128"),
		"browser.missing":   variables("BROWSER", "nowhere-browser"),
		"wsl.no-browser":    variables("WSL_DISTRO_NAME", "Debian"),
		"wsl.windows-home": func(m *machine) {
			m.env["BROWSER"], m.env["WSL_DISTRO_NAME"] = "xdg-open", "Debian"
			m.State = "/mnt/c/Users/alice/state"
		},
		"browser.none": func(m *machine) { m.Openers = []string{"nowhere-open"} },
	}
}

func cacheFixtures() map[string]func(*machine) {
	return map[string]func(*machine){
		"cache.no-folder": func(m *machine) {
			m.folder(m.path("elsewhere"))
			m.folder(m.path(".aws/cli"))
			m.must(os.Symlink(m.path("elsewhere"), m.path(".aws/cli/cache")))
		},
		"cache.damaged": func(m *machine) { m.write(".aws/cli/cache/"+sha("x")+".json", "{") },
		"cache.foreign-token": func(m *machine) {
			m.config("")
			const other = `{"accessToken": "canary-token", "startUrl": "https://other.awsapps.com/start"}`
			m.write(".aws/sso/cache/"+sha("corp")+".json", other)
		},
		"cache.foreign-file": func(m *machine) { m.write(".aws/sso/cache/kiro-auth-token.json", token) },
		"cache.set-aside":    func(m *machine) { m.write(".aws/sso/cache/"+sha("x")+".json.damaged-2", "{") },
		"cache.leftover":     func(m *machine) { m.write(".aws/sso/cache/."+sha("x")+".json.rolecall-123", "{") },
	}
}

func storageFixtures() map[string]func(*machine) {
	return map[string]func(*machine){
		"storage.keyring": func(m *machine) {
			m.Storage, m.Keyring, m.KeyringAdvice = "split", errors.New("it is locked"), "unlock it"
		},
		"storage.bare": func(m *machine) {
			m.Storage = "split"
			m.write(".aws/sso/cache/"+sha("corp")+".json", `{"accessToken": "canary-token", "refreshToken": "canary-secret",
				"clientId": "c", "clientSecret": "canary-secret", "expiresAt": "2026-11-01T13:00:00Z"}`)
		},
	}
}

func modeFixtures() map[string]func(*machine) {
	return map[string]func(*machine){
		"mode.open-secret": func(m *machine) { m.chmod(".aws/sso/cache/"+sha("corp")+".json", 0o640) },
		"mode.open-config": func(m *machine) { m.chmod(".aws/config", 0o666) },
		"mode.open-folder": func(m *machine) { m.chmod(".aws/sso/cache", 0o770) },
		"mode.read-only":   func(m *machine) { m.chmod(".aws/sso/cache/"+sha("corp")+".json", 0o400) },
		"mode.other-owner": func(m *machine) {
			m.OtherOwner = func(info fs.FileInfo) bool { return info.Name() == sha("corp")+".json" }
		},
	}
}

func toolFixtures() map[string]func(*machine) {
	return map[string]func(*machine){
		"path.two-rolecalls": func(m *machine) {
			first := m.bin
			m.bin += "2"
			m.program("rolecall")
			m.env["PATH"] = first + string(os.PathListSeparator) + m.bin
		},
		"path.not-found": func(m *machine) { m.must(os.Remove(filepath.Join(m.bin, "rolecall"))) },
		"tools.old-aws-cli": func(m *machine) {
			m.bin = filepath.Join(m.WorkingDir, "aws-cli", "v2", "2.8.13", "bin")
			m.env["PATH"] += string(os.PathListSeparator) + m.bin
			m.must(os.Remove(filepath.Join(m.Self, "..", "aws")))
			m.program("aws")
		},
		"tools.refuses-http": func(m *machine) {
			m.config("[sso-session local]\nsso_start_url = http://127.0.0.1:9000/start\nsso_region = eu-west-1\n")
			m.folder(filepath.Join(m.bin, "..", "lib", "python3", "dist-packages", "awscli-2.38.1.dist-info"))
			m.must(os.Remove(filepath.Join(m.bin, "..", "lib", "python3", "dist-packages", "awscli-2.31.0.dist-info")))
		},
		"tools.old-sdk": func(m *machine) {
			m.program("python3")
			m.folder(filepath.Join(m.bin, "..", "lib", "python3.11", "site-packages", "botocore-1.27.90.dist-info"))
		},
	}
}

func onlineFixtures() map[string]func(*machine) {
	answers := func(date time.Time, asked error, region string, err error) func(*machine) {
		return func(m *machine) {
			m.Online = &doctor.Online{
				Context: context.Background(),
				Ask: func(context.Context, identitycenter.SSOSession) (string, time.Time, error) {
					return "https://oidc.eu-west-1.amazonaws.com", date, asked
				},
				Region: func(context.Context, identitycenter.SSOSession) (string, error) { return region, err },
			}
		}
	}
	return map[string]func(*machine){
		"clock.wrong":        answers(now.Add(10*time.Minute), nil, "eu-west-1", nil),
		"online.unreachable": answers(now, identitycenter.ErrUnavailable, "", nil),
		"online.certificate": answers(now, fmt.Errorf("tls: %w", identitycenter.ErrBadAnswer), "", nil),
		"online.region":      answers(now, nil, "us-east-1", nil),
		"online.start-url":   answers(now, nil, "", errors.New("found no region there")),
	}
}

// certificate returns one that has expired, in PEM form.
func certificate(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)}
	data, err := x509.CreateCertificate(rand.Reader, &c, &c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: data}))
}
