// Logs in as a program does that uses golang.org/x/oauth2 without any settings of its own: by the
// device flow or, with the argument "code", in the browser. Prints one JSON object a line: the user
// code or the address to open, each answer of the token endpoint, and the outcome.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

var out = json.NewEncoder(os.Stdout)

type recorder struct{}

func (recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil || !strings.HasSuffix(request.URL.Path, "/token") {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	var answer struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &answer)
	_, _, basic := request.BasicAuth()
	out.Encode(map[string]any{"status": response.StatusCode, "error": answer.Error, "basic": basic})
	return response, nil
}

func logInWithBrowser(ctx context.Context, config oauth2.Config) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		out.Encode(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
	config.RedirectURL = "http://" + listener.Addr().String() + "/callback"
	verifier := oauth2.GenerateVerifier()
	state := oauth2.GenerateVerifier()
	answers := make(chan url.Values, 1)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers <- r.URL.Query()
		io.WriteString(w, "You may close this tab.")
	}))
	out.Encode(map[string]any{
		"auth_url": config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)),
	})
	answer := <-answers
	if answer.Get("state") != state {
		out.Encode(map[string]any{"failed": "another state"})
		os.Exit(1)
	}
	token, err := config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		out.Encode(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
	out.Encode(map[string]any{"token_type": token.Type()})
	token.Expiry = time.Now()
	renewed, err := config.TokenSource(ctx, token).Token()
	if err != nil {
		out.Encode(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
	out.Encode(map[string]any{"renewed": renewed.AccessToken != token.AccessToken})
}

func main() {
	issuer, client := os.Args[1], os.Args[2]
	config := oauth2.Config{
		ClientID: client,
		Scopes:   []string{"openid", "offline_access"},
		Endpoint: oauth2.Endpoint{
			DeviceAuthURL: issuer + "/oauth/device/authorize",
			TokenURL:      issuer + "/oauth/token",
			AuthURL:       issuer + "/oauth/authorize",
		},
	}
	ctx := context.WithValue(
		context.Background(), oauth2.HTTPClient, &http.Client{Transport: recorder{}},
	)
	if len(os.Args) > 3 && os.Args[3] == "code" {
		logInWithBrowser(ctx, config)
		return
	}
	started, err := config.DeviceAuth(ctx)
	if err != nil {
		out.Encode(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
	out.Encode(map[string]any{"user_code": started.UserCode})
	token, err := config.DeviceAccessToken(ctx, started)
	if err != nil {
		out.Encode(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
	out.Encode(map[string]any{"token_type": token.Type()})
}
