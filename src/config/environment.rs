//! Values against this machine: what the configuration names must be there and be usable.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;
use shelfwire_core::limits::TOKEN_MIN_BYTES;

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::fields::Reader;
use super::node::Spot;
use super::read::{Draft, DropDraft};
use super::value::secret::{SecretError, SecretFile, Source};

/// What the process was given by those who started it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `$CREDENTIALS_DIRECTORY`: where systemd put the credentials of the service.
    pub credentials: Option<PathBuf>,
    /// The agent is about to run: what only the service can see must be there.
    pub running: bool,
}

impl Surroundings {
    /// As this process finds them.
    pub fn of_process(running: bool) -> Self {
        Self {
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            running,
        }
    }

    /// The file of a secret. A credential that was not handed over has the path that it will have
    /// in the service.
    pub(crate) fn file(&self, source: &Source) -> SecretFile {
        match source {
            Source::File(path) => SecretFile::at(path.clone()),
            Source::Credential(name) => {
                let folder = self.credentials.as_deref();
                let folder = folder.unwrap_or(Path::new("/run/credentials/shelfwire.service"));
                SecretFile::at(folder.join(name))
            }
        }
    }
}

/// Adds what this machine does not have. `files` are those that were read.
pub(crate) fn check(
    draft: &Draft,
    files: &[PathBuf],
    surroundings: &Surroundings,
    reader: &mut Reader,
) {
    for (index, path) in files.iter().enumerate() {
        config_file(index, path, reader);
    }
    secrets(draft, surroundings, reader);
    if let Some(spot) = reader.spots.get("state_dir")
        && draft.state_dir.exists()
        && !draft.state_dir.is_dir()
    {
        let message = format!("{} is not a directory", draft.state_dir.display());
        let fault = Diagnostic::new(Code::StateDir, spot, message)
            .help("name a directory, or one that may be made: the journal is a folder of files");
        reader.faults.push(fault);
    }
    if let (Some(catalogue), Some(spot)) = (&draft.catalogue, reader.spots.get("catalogue.file"))
        && !catalogue.file.is_file()
    {
        let message = format!("there is no catalogue at {}", catalogue.file.display());
        let fault = Diagnostic::new(Code::NoCatalogue, spot, message)
            .label("until it is there, every code is an item of its own")
            .help("put the file there; it is taken without a restart");
        reader.faults.push(fault);
    }
    for drop in &draft.drops {
        drop_folder(drop, reader);
    }
    for scanner in &draft.scanners {
        let spot = reader.spots.get(&format!("{}.device", scanner.path));
        if let (Some(device), Some(spot)) = (&scanner.device, spot)
            && !device.exists()
        {
            let message = format!("no device at {}", device.display());
            let fault = Diagnostic::new(Code::NoDevice, spot, message)
                .label("not plugged in, or under another name")
                .help(
                    "plug it in, or look for its name: ls -l /dev/serial/by-id /dev/serial/by-path",
                );
            reader.faults.push(fault);
        }
    }
}

fn drop_folder(drop: &DropDraft, reader: &mut Reader) {
    let spot = reader.spots.get(&format!("{}.folder", drop.path));
    let (Some(folder), Some(spot)) = (&drop.folder, spot) else {
        return;
    };
    let shown = folder.display();
    let fault = if !folder.exists() {
        Diagnostic::new(Code::NoDrop, spot, format!("there is no folder {shown}"))
            .label("its files are read once it is there")
            .help(format!("{}, then restart", make(folder)))
    } else if folder.is_dir() {
        let needed = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        let Err(why) = rustix::fs::access(folder, needed) else {
            return;
        };
        let help = if why == Errno::ROFS {
            format!(
                "let the service write there: ReadWritePaths=-{shown}, as in drop-folder.conf of shelfwire.service.d, then restart"
            )
        } else {
            format!(
                "check as the service's user (sudo -u shelfwire shelfwire check), or: {}",
                make(folder)
            )
        };
        let message = format!("this user may not move files in {shown}: {why}");
        Diagnostic::new(Code::DropClosed, spot, message)
            .label("no file is taken from it")
            .help(help)
    } else {
        Diagnostic::new(Code::NotAFolder, spot, format!("{shown} is not a folder"))
            .help("name the folder into which the till's files are put")
    };
    reader.faults.push(fault);
}

/// How a drop folder is made. Its group is not the service's own: members of that one may write to
/// the status socket.
fn make(folder: &Path) -> String {
    let shown = folder.display();
    format!("install -d -o shelfwire -g shelfwire-drop -m 2770 {shown}")
}

fn config_file(index: usize, path: &Path, reader: &mut Reader) {
    if mode(path).is_some_and(|mode| mode & 0o002 != 0) {
        let spot = Spot::new(index, 0..0);
        let message = "everybody on this machine can change this configuration";
        let fault = Diagnostic::new(Code::ConfigOpen, &spot, message)
            .help(format!("chmod o-w {}", path.display()));
        reader.faults.push(fault);
    }
}

/// Permission bits of a regular file.
fn mode(path: &Path) -> Option<u32> {
    let meta = fs::metadata(path).ok()?;
    meta.is_file().then(|| meta.permissions().mode())
}

fn secrets(draft: &Draft, surroundings: &Surroundings, reader: &mut Reader) {
    let uplink = &draft.uplink;
    let mut all = Vec::new();
    let mut add = |path: String, source: &Option<Source>, kind: Secrecy| {
        if let Some(source) = source {
            all.push((path, source.clone(), kind));
        }
    };
    add("uplink.ca".to_owned(), &uplink.ca, Secrecy::Public);
    add("uplink.cert".to_owned(), &uplink.cert, Secrecy::Public);
    add("uplink.key".to_owned(), &uplink.key, Secrecy::Secret);
    add(
        "uplink.password".to_owned(),
        &uplink.password,
        Secrecy::Secret,
    );
    if let Some((cert, key)) = draft.pos.as_ref().and_then(|pos| pos.tls.as_ref()) {
        add("pos.tls.cert".to_owned(), cert, Secrecy::Public);
        add("pos.tls.key".to_owned(), key, Secrecy::Secret);
    }
    for reader in &draft.readers {
        let Some(tls) = &reader.tls else { continue };
        let path = |key: &str| format!("{}.tls.{key}", reader.path);
        add(path("ca"), &tls.ca, Secrecy::Public);
        add(path("cert"), &tls.cert, Secrecy::Public);
        add(path("key"), &tls.key, Secrecy::Secret);
    }
    for till in &draft.tills {
        add(format!("{}.token", till.path), &till.token, Secrecy::Token);
    }
    let mut tokens = Vec::new();
    for (path, source, kind) in all {
        let Some(spot) = reader.spots.get(&path).cloned() else {
            continue;
        };
        let file = surroundings.file(&source);
        if let Some(fault) = secret(&spot, &source, &file, kind, surroundings) {
            reader.faults.push(fault);
        }
        if let (Secrecy::Token, Ok(token)) = (kind, file.read()) {
            tokens.push((token, source, spot));
        }
    }
    same_tokens(&tokens, reader);
}

fn same_tokens(tokens: &[(super::Secret, Source, Spot)], reader: &mut Reader) {
    for (index, (token, source, spot)) in tokens.iter().enumerate() {
        let earlier = tokens.iter().take(index);
        // The same file twice was already said of the values themselves.
        let same = earlier.rev().find(|(t, s, _)| t == token && s != source);
        if let Some((_, _, first)) = same {
            let fault = Diagnostic::new(
                Code::SecretUnusable,
                spot,
                "two tills have the same token in different files",
            )
            .also(first, "the same token")
            .help("give each till its own: head -c 24 /dev/urandom | base64 > FILE");
            reader.faults.push(fault);
        }
    }
}

/// How carefully a file is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    /// Certificates: anybody may read them.
    Public,
    /// Keys and passwords.
    Secret,
    /// What a till shows: also not too short.
    Token,
}

fn secret(
    spot: &Spot,
    source: &Source,
    file: &SecretFile,
    kind: Secrecy,
    surroundings: &Surroundings,
) -> Option<Diagnostic> {
    let credential = match source {
        Source::Credential(name) => Some(name.as_str()),
        Source::File(_) => None,
    };
    if let (Some(name), None) = (credential, &surroundings.credentials) {
        return Some(unseen(spot, name, surroundings.running));
    }
    let path = file.path();
    let secret = match file.read() {
        Ok(secret) => secret,
        Err(SecretError::Read { error, .. }) => {
            return Some(unreadable(spot, credential, path, &error));
        }
        Err(
            error @ (SecretError::Empty(_) | SecretError::NotText(_) | SecretError::TooLarge(_)),
        ) => {
            let fault = Diagnostic::new(Code::SecretUnusable, spot, error.to_string())
                .help("write the secret, and nothing else, into the file as text");
            return Some(fault);
        }
    };
    if kind == Secrecy::Token && secret.expose().len() < TOKEN_MIN_BYTES {
        let message = format!(
            "the token in {} is shorter than {TOKEN_MIN_BYTES} bytes",
            path.display()
        );
        let fault = Diagnostic::new(Code::SecretUnusable, spot, message)
            .label("it could be guessed")
            .help(format!(
                "make a new one: head -c 24 /dev/urandom | base64 > {}",
                path.display()
            ));
        return Some(fault);
    }
    let open = mode(path).is_some_and(|mode| mode & 0o004 != 0);
    if kind != Secrecy::Public && credential.is_none() && open {
        let message = format!("everybody on this machine can read {}", path.display());
        let fault = Diagnostic::new(Code::SecretOpen, spot, message).help(format!(
            "chmod o-r {0}; chgrp shelfwire {0}",
            path.display()
        ));
        return Some(fault);
    }
    None
}

fn unseen(spot: &Spot, name: &str, running: bool) -> Diagnostic {
    if running {
        return Diagnostic::new(
            Code::NoCredential,
            spot,
            format!("the credential \"{name}\" was not handed over: $CREDENTIALS_DIRECTORY is not set"),
        )
        .help(format!(
            "start the agent as the service, with LoadCredential={name}:FILE in its unit; or write {{ file = \"…\" }}"
        ));
    }
    Diagnostic::new(
        Code::CredentialUnseen,
        spot,
        format!("the credential \"{name}\" cannot be seen from here, only from within the service"),
    )
    .help(format!(
        "it is there if the unit says so: systemctl show shelfwire -p LoadCredential | grep {name}"
    ))
}

fn unreadable(
    spot: &Spot,
    credential: Option<&str>,
    path: &Path,
    error: &std::io::Error,
) -> Diagnostic {
    if let (Some(name), ErrorKind::NotFound) = (credential, error.kind()) {
        let message = format!("the credential \"{name}\" was not handed over");
        return Diagnostic::new(Code::NoCredential, spot, message).help(format!(
            "add LoadCredential={name}:FILE to the unit: systemctl edit shelfwire"
        ));
    }
    let (message, help) = if error.kind() == ErrorKind::NotFound {
        (
            "there is no file",
            "write the secret into that file, or correct the path".to_owned(),
        )
    } else if error.kind() == ErrorKind::PermissionDenied {
        let path = path.display();
        (
            "this user may not read",
            format!(
                "check as the service's user (sudo -u shelfwire shelfwire check), or: chgrp shelfwire {path}; chmod g+r {path}"
            ),
        )
    } else if error.kind() == ErrorKind::IsADirectory {
        (
            "a secret is a file, not the directory",
            "name the file in it".to_owned(),
        )
    } else {
        ("cannot read", format!("the system says: {error}"))
    };
    Diagnostic::new(
        Code::SecretUnreadable,
        spot,
        format!("{message} {}", path.display()),
    )
    .help(help)
}
