//! The files of `config/` for Mosquitto, as they are: TLS with a certificate for each party, a store
//! below its own root only, and only the centre on the down topics.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use support::centre::Centre;
use support::guarded::Guarded;
use support::wait;

const SOON: Duration = Duration::from_secs(10);

fn golden(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire");
    fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()
}

#[test]
fn a_store_speaks_below_its_own_root_and_only_the_centre_answers() {
    let sample = Guarded::start();
    let tls = sample.centre_args();
    let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
    let centre = Centre::with(&sample.url(), &tls);
    let answers = sample.file("answers");
    let mut listener = sample
        .client("mosquitto_sub", "0042", "retail/v1/0042/applied")
        .stdout(fs::File::create(&answers).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // One answer to a hello proves that both are heard and that the centre may answer.
    let hello = golden("hello-first");
    let answered = wait::try_until(SOON, || {
        assert!(sample.publish("0042", "retail/v1/0042/hello", &hello));
        let told = fs::read_to_string(&answers).unwrap();
        told.contains("accepted").then_some(told)
    });
    listener.kill().unwrap();
    listener.wait().unwrap();
    assert!(answered.is_some(), "{}\n{}", centre.log(), sample.log());

    for (user, topic) in [
        ("0042", "retail/v1/0043/hello"),
        ("0042", "retail/v1/0043/delta"),
        ("0042", "retail/v1/0042/applied"),
        ("0042", "retail/v1/0043/command"),
        ("0042", "retail/v1/0042/command"),
        ("0042", "retail/v1/0042/other"),
        ("0043", "retail/v1/0042/status"),
        ("shelfwire-central", "retail/v1/0042/delta"),
    ] {
        assert!(
            !sample.publish(user, topic, &hello),
            "{user} may publish to {topic}"
        );
    }
    for topic in [
        "delta",
        "levels",
        "alert",
        "status",
        "health",
        "command/reply",
    ] {
        assert!(
            sample.publish("0043", &format!("retail/v1/0043/{topic}"), "x"),
            "{topic}"
        );
    }
    for topic in ["applied", "command"] {
        let topic = format!("retail/v1/0042/{topic}");
        assert!(sample.publish("shelfwire-central", &topic, "x"), "{topic}");
    }
    assert!(centre.report("0042").is_some());
    assert!(centre.report("0043").is_none(), "nobody spoke for 0043");
}
