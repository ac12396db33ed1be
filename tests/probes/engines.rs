//! Real databases from the packages of the system, each in a folder and on a port of its own.
//!
//! Neither runs as root: where the tests do, they run as somebody who is nobody.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use firebreak::server::certs::authority::{Issued, Span, authority, sign};
use jiff::Timestamp;

/// Who is nobody.
const NOBODY: u32 = 65534;
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) const USER: &str = "app-of-the-shop";
pub(super) const PASSWORD: &str = "a password that is told nobody";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    PostgreSQL,
    MariaDB,
}

/// A server.
pub(super) struct Server {
    engine: Engine,
    programs: Programs,
    folder: PathBuf,
    pub(super) port: u16,
    pub(super) authority: String,
    child: Option<Child>,
}

/// The programs of a database.
struct Programs {
    install: PathBuf,
    serve: PathBuf,
}

impl Engine {
    fn programs(self) -> Option<Programs> {
        let (install, serve) = match self {
            Self::PostgreSQL => ("initdb", "postgres"),
            Self::MariaDB => ("mariadb-install-db", "mariadbd"),
        };
        Some(Programs {
            install: program(install)?,
            serve: program(serve)?,
        })
    }

    fn package(self) -> &'static str {
        match self {
            Self::PostgreSQL => "postgresql",
            Self::MariaDB => "mariadb-server",
        }
    }
}

/// A program, in the path or where Debian puts it.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    folders.extend(versions.flatten().map(|it| it.path().join("bin")));
    folders
        .iter()
        .map(|it| it.join(name))
        .find(|it| it.is_file())
}

impl Server {
    /// A server with an empty database `shop`, or none where the programs are not installed: that is said aloud,
    /// and in continuous integration (`CI` is set) it is a failure.
    #[expect(clippy::print_stdout, reason = "a test that did not run says so")]
    pub(super) fn start(engine: Engine, name: &str) -> Option<Self> {
        let Some(programs) = engine.programs() else {
            let package = engine.package();
            let told = format!("skipped: {engine:?} is not installed (apt-get install {package})");
            let must = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
            assert!(!must, "{told}");
            println!("{told}");
            return None;
        };
        let folder = format!("firebreak-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let mut server = Self {
            engine,
            programs,
            folder,
            port: free_port(),
            authority: String::new(),
            child: None,
        };
        server.certify();
        own(&server.folder);
        server.install();
        server.serve();
        Some(server)
    }

    /// An authority of nobody here.
    pub(super) fn stranger() -> String {
        let now = Timestamp::now();
        let span = Span {
            now,
            until: now + Duration::from_hours(24),
        };
        authority(span).unwrap().certificate
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Makes an authority, and a certificate of it for loopback.
    fn certify(&mut self) {
        let now = Timestamp::now();
        let span = Span {
            now,
            until: now + Duration::from_hours(24),
        };
        let issuer = authority(span).unwrap();
        let Issued { certificate, key } = sign(&issuer, &["127.0.0.1".to_owned()], span).unwrap();
        for (name, text) in [("tls.crt", &certificate), ("tls.key", &key)] {
            let path = self.folder.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            own(&path);
        }
        self.authority = issuer.certificate;
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env("HOME", &self.folder);
        command.env("LC_ALL", "C").stdin(Stdio::null());
        let mut log = std::fs::File::options();
        let log = log.create(true).append(true).open(self.folder.join("log"));
        let log = log.unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn install(&self) {
        let mut command = self.command(&self.programs.install);
        let data = self.data();
        match self.engine {
            Engine::PostgreSQL => {
                let password = self.folder.join("password");
                std::fs::write(&password, PASSWORD).unwrap();
                own(&password);
                command
                    .arg("-D")
                    .arg(data)
                    .args(["-U", USER, "-E", "UTF8", "--locale=C"]);
                command.args(["--no-sync", "--auth=scram-sha-256"]);
                command.arg(format!("--pwfile={}", password.display()));
            }
            Engine::MariaDB => {
                let created = format!(
                    "CREATE DATABASE IF NOT EXISTS shop;\n\
                     CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n\
                     GRANT ALL ON shop.* TO '{USER}'@'%';\n"
                );
                let file = self.folder.join("created.sql");
                std::fs::write(&file, created).unwrap();
                own(&file);
                command.args(["--no-defaults", "--skip-test-db"]);
                command.arg("--auth-root-authentication-method=normal");
                command.arg(format!("--datadir={}", data.display()));
            }
        }
        let status = command.status().unwrap();
        assert!(
            status.success(),
            "{:?}: {status}\n{}",
            self.engine,
            self.log()
        );
    }

    /// Starts it on what is in its folder.
    pub(super) fn serve(&mut self) {
        let mut command = self.command(&self.programs.serve);
        let data = self.data();
        let file = |name: &str| self.folder.join(name).display().to_string();
        let port = self.port.to_string();
        match self.engine {
            Engine::PostgreSQL => {
                command.arg("-D").arg(data).args(["-p", &port]);
                let (certificate, key) = (file("tls.crt"), file("tls.key"));
                for setting in [
                    "listen_addresses=127.0.0.1",
                    "unix_socket_directories=",
                    "fsync=off",
                    "ssl=on",
                    &format!("ssl_cert_file={certificate}"),
                    &format!("ssl_key_file={key}"),
                ] {
                    command.args(["-c", setting]);
                }
            }
            Engine::MariaDB => {
                command.args([
                    "--no-defaults",
                    "--bind-address=127.0.0.1",
                    "--skip-name-resolve",
                ]);
                command.arg(format!("--port={port}"));
                command.arg(format!("--datadir={}", data.display()));
                command.arg(format!("--socket={}", file("socket")));
                command.arg(format!("--pid-file={}", file("pid")));
                command.arg(format!("--init-file={}", file("created.sql")));
                command.arg(format!("--ssl-cert={}", file("tls.crt")));
                command.arg(format!("--ssl-key={}", file("tls.key")));
            }
        }
        self.child = Some(command.spawn().unwrap());
        self.await_port();
    }

    fn await_port(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.as_mut().and_then(|it| it.try_wait().unwrap());
            assert!(
                ended.is_none() && begun.elapsed() < PATIENCE,
                "{ended:?}\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it in good order, so that its folder can be copied.
    pub(super) fn stop(&mut self) {
        self.signal("-INT", "-TERM");
    }

    /// Stops it as a crash does.
    pub(super) fn crash(&mut self) {
        // PostgreSQL that is killed leaves processes behind, which keep the next one from starting.
        self.signal("-QUIT", "-KILL");
    }

    fn signal(&mut self, postgres: &str, mariadb: &str) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let signal = match self.engine {
            Engine::PostgreSQL => postgres,
            Engine::MariaDB => mariadb,
        };
        let mut kill = Command::new("kill");
        let sent = kill.args([signal, &child.id().to_string()]).status();
        if !sent.is_ok_and(|it| it.success()) {
            child.kill().ok();
        }
        child.wait().unwrap();
    }

    /// Keeps what is in the folder of the server that was stopped.
    pub(super) fn keep(&self) {
        self.copy("data", "kept");
    }

    /// Puts back what was kept, as whoever restores an old snapshot.
    pub(super) fn restore(&self) {
        self.copy("kept", "data");
    }

    fn copy(&self, from: &str, to: &str) {
        drop(std::fs::remove_dir_all(self.folder.join(to)));
        let mut copy = self.command(Path::new("cp"));
        assert!(
            copy.args(["-a", from, to]).status().unwrap().success(),
            "{}",
            self.log()
        );
    }
}

/// Gives a file to whom the server runs as.
fn own(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

impl Drop for Server {
    #[expect(
        clippy::print_stdout,
        reason = "what the server said explains a failure"
    )]
    fn drop(&mut self) {
        self.crash();
        if std::thread::panicking() {
            println!("{:?} said:\n{}", self.engine, self.log());
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
