// cargo add oauth2@5 --features reqwest-blocking && cargo add serde_json@1    (Rust 1.89 or later)
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AuthType, ClientId, DeviceAuthorizationUrl, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse, TokenResponse, TokenUrl, reqwest,
};
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ISSUER: &str = "https://auth.example.com";
const CLIENT_ID: &str = "acme-cli";
const SCOPES: &[&str] = &["openid", "offline_access"];

fn main() {
    let result = match std::env::args().nth(1).as_deref() {
        Some("login") => login(),
        Some("token") => token(),
        _ => Err("usage: acme login|token".into()),
    };
    if let Err(error) = result {
        eprintln!("Error: {error}");
        std::process::exit(1);
    }
}

fn login() -> Result<(), Box<dyn Error>> {
    let (client, http) = (client()?, http()?);
    let started: StandardDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scopes(SCOPES.iter().map(|scope| Scope::new(scope.to_string())))
        .request(&http)?;
    let address = started.verification_uri_complete().ok_or("no address")?;
    let code = started.user_code().secret();
    eprintln!("Open {} and approve the code {code}", address.secret());
    let tokens = client
        .exchange_device_access_token(&started)
        .request(&http, std::thread::sleep, None)?;
    let folder = folder()?;
    let _lock = lock(&folder)?;
    save(&folder, &tokens)
}

fn token() -> Result<(), Box<dyn Error>> {
    let folder = folder()?;
    // One process refreshes at a time; the others wait and use what it stored.
    let _lock = lock(&folder)?;
    let text = fs::read(folder.join("tokens.json")).map_err(|_| "not logged in; run: acme login")?;
    let stored: serde_json::Value = serde_json::from_slice(&text)?;
    let mut tokens: BasicTokenResponse = serde_json::from_value(stored["tokens"].clone())?;
    if stored["expires_at"].as_u64().unwrap_or(0) <= now() + 10 {
        let refresh_token = tokens.refresh_token().ok_or("the login cannot be renewed")?;
        tokens = client()?
            .exchange_refresh_token(refresh_token)
            .request(&http()?)
            .map_err(|error| match &error {
                RequestTokenError::ServerResponse(response)
                    if *response.error() == BasicErrorResponseType::InvalidGrant =>
                {
                    "the login is over; run: acme login".into()
                }
                _ => Box::<dyn Error>::from(error),
            })?;
        save(&folder, &tokens)?;
    }
    println!("{}", tokens.access_token().secret());
    Ok(())
}

type Client = BasicClient<
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;

fn client() -> Result<Client, Box<dyn Error>> {
    Ok(BasicClient::new(ClientId::new(CLIENT_ID.to_string()))
        .set_auth_type(AuthType::RequestBody)
        .set_device_authorization_url(DeviceAuthorizationUrl::new(format!(
            "{ISSUER}/oauth/device/authorize"
        ))?)
        .set_token_uri(TokenUrl::new(format!("{ISSUER}/oauth/token"))?))
}

fn http() -> Result<reqwest::blocking::Client, Box<dyn Error>> {
    Ok(reqwest::blocking::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()?)
}

fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let config = match std::env::var("XDG_CONFIG_HOME") {
        Ok(path) if !path.is_empty() => PathBuf::from(path),
        _ => Path::new(&std::env::var("HOME")?).join(".config"),
    };
    let folder = config.join(CLIENT_ID);
    fs::DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
    Ok(folder)
}

fn lock(folder: &Path) -> Result<File, Box<dyn Error>> {
    let file = File::create(folder.join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// Replaces the file in one step: a process that is killed leaves the old one.
fn save(folder: &Path, tokens: &BasicTokenResponse) -> Result<(), Box<dyn Error>> {
    let lifetime = tokens.expires_in().unwrap_or_default().as_secs();
    let stored = serde_json::json!({ "tokens": tokens, "expires_at": now() + lifetime });
    let new = folder.join("tokens.new");
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true).mode(0o600);
    options.open(&new)?.write_all(stored.to_string().as_bytes())?;
    Ok(fs::rename(new, folder.join("tokens.json"))?)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
