// go mod init acme && go get golang.org/x/oauth2 && go build
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/oauth2"
)

const issuer = "https://auth.example.com"

var config = oauth2.Config{
	ClientID: "acme-cli",
	Scopes:   []string{"openid", "offline_access"},
	Endpoint: oauth2.Endpoint{
		DeviceAuthURL: issuer + "/oauth/device/authorize",
		TokenURL:      issuer + "/oauth/token",
		AuthStyle:     oauth2.AuthStyleInParams,
	},
}

func main() {
	if len(os.Args) != 2 {
		fail(2, errors.New("usage: acme login|token"))
	}
	home, err := os.UserConfigDir()
	check(err)
	folder := filepath.Join(home, "acme-cli")
	check(os.MkdirAll(folder, 0o700))
	switch os.Args[1] {
	case "login":
		login(folder)
	case "token":
		token(folder)
	default:
		fail(2, errors.New("usage: acme login|token"))
	}
}

func login(folder string) {
	ctx := context.Background()
	started, err := config.DeviceAuth(ctx)
	check(err)
	fmt.Fprintf(os.Stderr, "Open %s and approve the code %s\n",
		started.VerificationURIComplete, started.UserCode)
	tokens, err := config.DeviceAccessToken(ctx, started)
	check(err)
	defer lock(folder).Close()
	check(save(folder, tokens))
}

func token(folder string) {
	// One process refreshes at a time; the others wait and use what it stored.
	defer lock(folder).Close()
	var stored oauth2.Token
	text, err := os.ReadFile(filepath.Join(folder, "tokens.json"))
	if errors.Is(err, os.ErrNotExist) {
		fail(4, errors.New("not logged in; run: acme login"))
	}
	check(err)
	check(json.Unmarshal(text, &stored))
	fresh, err := config.TokenSource(context.Background(), &stored).Token()
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		fail(4, errors.New("the login is over; run: acme login"))
	}
	check(err)
	if fresh.AccessToken != stored.AccessToken {
		check(save(folder, fresh))
	}
	fmt.Println(fresh.AccessToken)
}

func lock(folder string) *os.File {
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	check(err)
	check(syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
	return file
}

// save replaces the file in one step: a process that is killed leaves the old one.
func save(folder string, tokens *oauth2.Token) error {
	text, err := json.Marshal(tokens)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "tokens.json")
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func check(err error) {
	if err != nil {
		fail(1, err)
	}
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "Error:", err)
	os.Exit(code)
}
