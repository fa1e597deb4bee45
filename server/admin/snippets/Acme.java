// java -cp 'lib/*' Acme.java login    (Java 17 or later, lib/ has com.nimbusds:oauth2-oidc-sdk:11.26
// and its dependencies: mvn dependency:copy-dependencies -DoutputDirectory=lib)
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.device.*;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.token.*;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.*;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.*;

public class Acme {
  static final String ISSUER = "https://auth.example.com";
  static final ClientID CLIENT = new ClientID("acme-cli");
  static final URI TOKEN_ENDPOINT = URI.create(ISSUER + "/oauth/token");
  static final Path FOLDER = configFolder().resolve(CLIENT.getValue());
  static final Path TOKENS = FOLDER.resolve("tokens.properties");

  public static void main(String[] arguments) throws Exception {
    Files.createDirectories(
        FOLDER, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    switch (arguments.length == 1 ? arguments[0] : "") {
      case "login" -> login();
      case "token" -> token();
      default -> fail("Usage: acme login|token", 2);
    }
  }

  static void login() throws Exception {
    var request =
        new DeviceAuthorizationRequest.Builder(CLIENT)
            .endpointURI(URI.create(ISSUER + "/oauth/device/authorize"))
            .scope(Scope.parse("openid offline_access"))
            .build();
    var response = DeviceAuthorizationResponse.parse(request.toHTTPRequest().send());
    if (!response.indicatesSuccess()) fail(response.toErrorResponse().getErrorObject(), 1);
    var started = response.toSuccessResponse();
    System.err.printf(
        "Open %s and approve the code %s%n",
        started.getVerificationURIComplete(), started.getUserCode().getValue());
    var interval = started.getInterval();
    while (true) {
      Thread.sleep(interval * 1000);
      var answer = send(new DeviceCodeGrant(started.getDeviceCode()));
      if (answer.indicatesSuccess()) {
        try (var lock = lock()) {
          save(answer.toSuccessResponse().getTokens());
        }
        return;
      }
      var error = answer.toErrorResponse().getErrorObject();
      if (error.equals(DeviceAuthorizationGrantError.SLOW_DOWN)) interval += 5;
      else if (!error.equals(DeviceAuthorizationGrantError.AUTHORIZATION_PENDING)) fail(error, 1);
    }
  }

  static void token() throws Exception {
    // One process refreshes at a time; the others wait and use what it stored.
    try (var lock = lock()) {
      if (!Files.exists(TOKENS)) fail("Not logged in. Run: acme login", 4);
      var stored = new Properties();
      try (var reader = Files.newBufferedReader(TOKENS)) {
        stored.load(reader);
      }
      var expiresAt = Long.parseLong(stored.getProperty("expires_at"));
      if (expiresAt <= Instant.now().getEpochSecond() + 10) {
        var refreshToken = new RefreshToken(stored.getProperty("refresh_token"));
        var answer = send(new RefreshTokenGrant(refreshToken));
        if (!answer.indicatesSuccess()) {
          var error = answer.toErrorResponse().getErrorObject();
          if (error.equals(OAuth2Error.INVALID_GRANT)) fail("The login is over. Log in again.", 4);
          fail(error, 1);
        }
        stored = save(answer.toSuccessResponse().getTokens());
      }
      System.out.println(stored.getProperty("access_token"));
    }
  }

  static TokenResponse send(AuthorizationGrant grant) throws Exception {
    var request = new TokenRequest.Builder(TOKEN_ENDPOINT, CLIENT, grant).build();
    return TokenResponse.parse(request.toHTTPRequest().send());
  }

  static FileChannel lock() throws IOException {
    var channel =
        FileChannel.open(
            FOLDER.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    channel.lock();
    return channel;
  }

  /** Replaces the file in one step: a process that is killed leaves the old one. */
  static Properties save(Tokens tokens) throws IOException {
    var stored = new Properties();
    var lifetime = tokens.getAccessToken().getLifetime();
    stored.setProperty("access_token", tokens.getAccessToken().getValue());
    stored.setProperty("refresh_token", tokens.getRefreshToken().getValue());
    stored.setProperty("expires_at", "" + (Instant.now().getEpochSecond() + lifetime));
    var file = FOLDER.resolve("tokens.new");
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (var writer = Files.newBufferedWriter(file)) {
      stored.store(writer, null);
    }
    Files.move(file, TOKENS, StandardCopyOption.ATOMIC_MOVE);
    return stored;
  }

  static Path configFolder() {
    var folder = System.getenv("XDG_CONFIG_HOME");
    return folder == null || folder.isEmpty()
        ? Path.of(System.getProperty("user.home"), ".config")
        : Path.of(folder);
  }

  static void fail(ErrorObject error, int code) {
    fail(Objects.requireNonNullElse(error.getDescription(), error.getCode()), code);
  }

  static void fail(String message, int code) {
    System.err.println("Error: " + message);
    System.exit(code);
  }
}
