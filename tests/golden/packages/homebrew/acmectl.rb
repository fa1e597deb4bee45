class Acmectl < Formula
  desc "OAuth authorization server and command line in one program"
  homepage "https://github.com/acme/acmectl"
  version "1.2.3"
  license "MIT"

  on_macos do
    on_arm do
      url "https://github.com/acme/acmectl/releases/download/v1.2.3/acmectl-1.2.3-aarch64-apple-darwin.tar.gz"
      sha256 "3333333333333333333333333333333333333333333333333333333333333333"
    end
    on_intel do
      url "https://github.com/acme/acmectl/releases/download/v1.2.3/acmectl-1.2.3-x86_64-apple-darwin.tar.gz"
      sha256 "2222222222222222222222222222222222222222222222222222222222222222"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/acme/acmectl/releases/download/v1.2.3/acmectl-1.2.3-aarch64-unknown-linux-gnu.tar.gz"
      sha256 "1111111111111111111111111111111111111111111111111111111111111111"
    end
    on_intel do
      url "https://github.com/acme/acmectl/releases/download/v1.2.3/acmectl-1.2.3-x86_64-unknown-linux-gnu.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
  end

  def install
    bin.install "acmectl"
    generate_completions_from_executable(bin/"acmectl", "completion")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/acmectl --version")
  end
end
