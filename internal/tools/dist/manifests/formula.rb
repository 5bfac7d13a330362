[[- define "urls"]]
[[- with .arm64]]
    on_arm do
      url "[[.URL]]"
      sha256 "[[.Sum]]"
    end
[[- end]]
[[- with .amd64]]
    on_intel do
      url "[[.URL]]"
      sha256 "[[.Sum]]"
    end
[[- end]]
[[- end -]]
# For a tap of your own: brew install OWNER/TAP/rolecall
class Rolecall < Formula
  desc "[[.About]]"
  homepage "[[.URL]]"
  version "[[.Version]]"
  license "Apache-2.0"
[[- with .Mac]]

  on_macos do
[[- template "urls" .]]
  end
[[- end]]
[[- with .Linux]]

  on_linux do
[[- template "urls" .]]
  end
[[- end]]

  def install
    bin.install "rolecall", "rolecall-process"
    man1.install Dir["man/man1/*"]
    man5.install Dir["man/man5/*"]
    bash_completion.install "completions/rolecall.bash" => "rolecall"
    zsh_completion.install "completions/_rolecall"
    fish_completion.install "completions/rolecall.fish"
    doc.install "THIRD_PARTY.txt"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/rolecall version")
    system bin/"rolecall", "demo"
  end
end
