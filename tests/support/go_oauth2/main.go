// Logs in by the device flow as a program does that uses golang.org/x/oauth2 without any
// settings of its own. Prints one JSON object a line: the user code, each answer of the
// token endpoint, and the outcome.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"

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

func main() {
	issuer, client := os.Args[1], os.Args[2]
	config := oauth2.Config{
		ClientID: client,
		Scopes:   []string{"openid", "offline_access"},
		Endpoint: oauth2.Endpoint{
			DeviceAuthURL: issuer + "/oauth/device/authorize",
			TokenURL:      issuer + "/oauth/token",
		},
	}
	ctx := context.WithValue(
		context.Background(), oauth2.HTTPClient, &http.Client{Transport: recorder{}},
	)
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
