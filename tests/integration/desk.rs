//! A visit that is begun on the page, by a page of the plainest kind: from the choice of a virtual person to
//! the report, and what can be changed afterwards.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::levator;

/// Waits for everything, but not for ever.
const WAIT: Duration = Duration::from_secs(120);

/// Messages among which the awaited one must be: there are some tens a second.
const MOST_MESSAGES: usize = 10_000;

/// The program, waiting on its page.
struct Program {
    child: Child,
    at: String,
    token: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = levator();
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let address = lines
            .find_map(|line| Some(line.ok()?.strip_prefix("page: http://")?.to_owned()))
            .expect("it prints its address");
        // Or it would stop when nobody reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        let (at, token) = address.split_once("/#").expect("a token");
        Self { child, at: at.to_owned(), token: token.to_owned() }
    }

    fn page(&self) -> Page {
        let mut stream = TcpStream::connect(&self.at).expect("it listens");
        stream.set_read_timeout(Some(WAIT)).expect("a timeout can be set");
        let at = &self.at;
        let head = format!(
            "GET /live HTTP/1.1\r\nHost: {at}\r\nOrigin: http://{at}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let (mut answer, mut byte) = (Vec::new(), [0]);
        while !answer.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).expect("it answers");
            answer.push(byte[0]);
        }
        let mut page = Page { stream, asked: 0, said: Vec::new() };
        page.say(&json!({ "token": self.token }));
        page.until(|message| message["type"] == "ready");
        page
    }

    /// A file of the page, or a report.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.at).expect("it listens");
        let head = format!("GET /{path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.at);
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Page {
    stream: TcpStream,
    asked: u64,
    /// All stages that were told.
    said: Vec<Value>,
}

impl Page {
    fn say(&mut self, value: &Value) {
        let payload = value.to_string();
        let len = u16::try_from(payload.len()).expect("a short message");
        let mut bytes = vec![0x81, 0x80 | 126];
        bytes.extend(len.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(payload.as_bytes());
        self.stream.write_all(&bytes).expect("it reads");
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.stream.read_exact(&mut bytes).expect("it goes on");
        bytes
    }

    /// The next message in words.
    fn hear(&mut self) -> Value {
        loop {
            let head = self.bytes(2);
            let len = match head[1] & 0x7f {
                126 => usize::from(u16::from_be_bytes(self.bytes(2).try_into().expect("two"))),
                127 => u64::from_be_bytes(self.bytes(8).try_into().expect("eight")) as usize,
                len => usize::from(len),
            };
            let payload = self.bytes(len);
            match head[0] & 0x0f {
                1 => return serde_json::from_slice(&payload).expect("JSON"),
                8 => panic!("it closed the connection"),
                // A ping is answered, as a browser does.
                9 => self.stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).expect("it reads"),
                _ => {}
            }
        }
    }

    fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..MOST_MESSAGES {
            let message = self.hear();
            if message["type"] == "stage" {
                self.said.push(message.clone());
            }
            if is_it(&message) {
                return message;
            }
        }
        panic!("it was not told; stages: {:?}", self.said)
    }

    fn stage(&mut self, name: &str) -> Value {
        self.until(|message| message["type"] == "stage" && message["stage"] == name)
    }

    /// What is told, or why it is refused.
    fn ask(&mut self, what: &str, fields: Value) -> Result<(Value, Value), String> {
        self.asked += 1;
        let mut question = fields;
        question["do"] = "ask".into();
        question["id"] = self.asked.into();
        question["what"] = what.into();
        self.say(&question);
        let id = self.asked;
        let answer = self.until(|message| message["type"] == "answer" && message["id"] == id);
        match answer["refused"].as_str() {
            Some(why) => Err(why.to_owned()),
            None => Ok((answer["told"].clone(), answer["path"].clone())),
        }
    }

    fn told(&mut self, what: &str, fields: Value) -> Value {
        self.ask(what, fields).unwrap_or_else(|why| panic!("{what}: {why}")).0
    }

    /// A virtual person, up to a clean signal.
    fn checked(&mut self, programme: &str) {
        let choice = json!({ "virtual": "healthy", "programme": programme, "position": "lying" });
        self.told("check", choice);
        let is_clean = |message: &Value| {
            message["stage"] == "check"
                && message["clean"] == true
                && message["choice"]["programme"].as_str().unwrap_or_default() == programme
        };
        let stage = self.until(is_clean);
        let channels = stage["channels"].as_array().expect("channels");
        assert_eq!(channels.len(), 2, "{stage}");
        assert!(channels.iter().all(|one| one["verdict"] == "clean"), "{stage}");
    }
}

#[test]
fn a_visit_goes_from_the_choice_of_a_person_to_its_report_on_the_page() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let (out, data) = (folder.path().join("out"), folder.path().join("data"));
    std::fs::create_dir(&out).expect("there is room");
    let text = |path: &Path| path.to_str().expect("plain").to_owned();
    let (out_text, data_text) = (text(&out), text(&data));
    let program =
        Program::start(&["demo", "--wait", "--no-open", "--out", &out_text, "--data", &data_text]);
    let mut page = program.page();
    assert_eq!(page.told("hello", json!({}))["first"], "virtual");
    let german = page.told("hello", json!({ "lang": "de" }));
    assert!(german["symptoms"].as_array().is_some_and(|all| all.len() > 20), "{german}");
    // What makes no sense is refused with what to do, and nothing is begun out of turn.
    let refused = |answer: Result<(Value, Value), String>| answer.expect_err("it is refused");
    let begin = |symptoms: Value| json!({ "answered": true, "symptoms": symptoms });
    assert!(refused(page.ask("begin", begin(json!([])))).contains("checked first"));
    assert!(refused(page.ask("check", json!({ "virtual": "nobody" }))).contains("nobody"));
    assert!(refused(page.ask("check", json!({}))).contains("port"));
    assert!(refused(page.ask("nonsense", json!({}))).contains("nonsense"));

    // A port that is not there leads back to the choice, with the reason.
    page.told("check", json!({ "port": "/dev/nothing-here", "device": "native" }));
    let stage =
        page.until(|message| message["stage"] == "connect" && message["trouble"].is_string());
    assert!(stage["trouble"].as_str().is_some_and(|why| why.contains("nothing-here")), "{stage}");

    // Strengthening is closed for somebody of whom nothing is known, and so is all with a red flag.
    page.checked("strengthening-lying");
    assert!(refused(page.ask("begin", json!({ "symptoms": [] }))).contains("questions"));
    let told = page.told("begin", begin(json!([])));
    assert_eq!(told["begins"], false, "{told}");
    assert!(told["why"].as_str().is_some_and(|why| why.contains("measure again")), "{told}");
    let flag = begin(json!(["saddle-numbness"]));
    let told = page.told("answers", flag.clone());
    assert_eq!((&told["urgency"], &told["may_measure"]), (&json!("urgent"), &json!(false)));
    assert_eq!(page.told("begin", flag)["begins"], false);
    // What a professional must see first closes every programme, so that none is offered.
    let refer = || begin(json!(["chronic-pelvic-pain"]));
    let told = page.told("answers", refer());
    assert_eq!((&told["gate"], &told["may_measure"]), (&json!("refer"), &json!(false)));
    assert_eq!(page.told("begin", refer())["begins"], false);
    assert!(std::fs::read_dir(&out).expect("there").next().is_none(), "nothing was begun");

    // Free measuring begins; it is recorded, and said to be so only after it was read back.
    page.checked("");
    assert_eq!(page.told("answers", refer())["may_measure"], true, "to measure is to look");
    assert_eq!(page.told("begin", begin(json!(["leakage"])))["begins"], true);
    // As by a click too many: one visit begins, and no other after it.
    let again = page.ask("begin", begin(json!(["leakage"])));
    assert!(again.is_err() || again.is_ok_and(|(told, _)| told["begins"] == true));
    page.stage("live");
    page.until(|message| message["type"] == "contraction" && message["what"] == "contraction");
    page.say(&json!({ "do": "mark", "text": "here" }));
    page.until(|message| message["type"] == "mark");
    page.say(&json!({ "do": "stop" }));
    let result = page.until(|message| message["type"] == "result");
    assert_eq!((&result["verified"], &result["trouble"]), (&json!(true), &Value::Null));
    let visit = page.stage("done")["visit"].clone();
    let kept = Path::new(result["folder"].as_str().expect("a folder"));
    assert!(kept.starts_with(&out) && kept.join("raw.journal").is_file(), "{result}");
    let told = std::fs::read_to_string(kept.join("told.toml")).expect("what was told");
    assert!(told.contains("leakage"), "{told}");

    // It is listed, answered and reported, in the language that is asked for.
    let visits = page.told("visits", json!({}));
    assert_eq!(visits["visits"][0]["id"], visit, "{visits}");
    let answer = page.told("answer", json!({ "visit": visit, "lang": "fr" }));
    assert!(answer["screening"].as_str().is_some_and(|text| text.contains("diagnostic")));
    let (_, path) = page
        .ask("report", json!({ "visit": visit, "for": "referrer", "lang": "es" }))
        .expect("a report");
    let report = program.get(path.as_str().expect("a path"));
    assert!(report.contains("<html lang=\"es\">") && !report.contains("<script"), "{report}");
    for elsewhere in ["../out", "./../..", "/etc", ""] {
        let why = refused(page.ask("report", json!({ "visit": elsewhere })));
        assert!(why.contains("no visit"), "{elsewhere}: {why}");
    }

    // Any stretch of it, and contractions that count or do not, beside the recording.
    let before = std::fs::read(kept.join("raw.journal")).expect("a journal");
    let stretch =
        page.told("overview", json!({ "visit": visit, "from_s": 1.0, "to_s": 3.0, "pieces": 50 }));
    let channel = &stretch["channels"][0];
    let side = |key: &str| channel[key].as_array().expect("values").clone();
    let low = side("low");
    assert!((10..=50).contains(&low.len()), "{channel}");
    for (low, high) in [("low", "high"), ("level_low", "level_high")] {
        let both = side(low).into_iter().zip(side(high));
        assert!(both.clone().all(|(low, high)| low.as_f64() <= high.as_f64()), "{low}: {channel}");
        assert!(both.clone().all(|(low, _)| low.is_number()), "{low}: {channel}");
    }
    // The envelope of an EMG is no lower than zero, and no signal is.
    let numbers = |key: &str| side(key).into_iter().filter_map(|one| one.as_f64());
    assert!(numbers("low").any(|low| low < 0.0) && numbers("level_low").all(|low| low >= 0.0));
    assert!(side("level_high").len() == low.len(), "{channel}");
    let found = page.told("contractions", json!({ "visit": visit }));
    let main =
        found["channels"].as_array().expect("channels").iter().find(|one| one["main"] == true);
    let main = main.expect("one leads").clone();
    let count = main["count"].as_u64().expect("a count");
    assert!(count > 0 && found["marks"][0]["text"] == "here", "{found}");
    let place = |edit: Value| {
        let mut edit = edit;
        edit["stream"] = main["stream"].clone();
        edit["channel"] = main["channel"].clone();
        json!({ "visit": visit, "edit": edit })
    };
    let onset = &main["contractions"][0]["onset"];
    let told = page.told("edit", place(json!({ "what": "reject", "onset": onset })));
    let counts = |told: &Value| {
        let mut channels = told["channels"].as_array().expect("channels").iter();
        channels.find(|one| one["main"] == true).expect("one leads")["count"].as_u64()
    };
    assert_eq!(counts(&told), Some(count - 1));
    let told = page.told("edit", place(json!({ "what": "add", "from_s": 0.5, "to_s": 1.5 })));
    assert_eq!(counts(&told), Some(count));
    page.told("edit", place(json!({ "what": "note", "text": "moved the leg" })));
    assert!(
        refused(page.ask("edit", place(json!({ "what": "add", "from_s": 2, "to_s": 1 }))))
            .contains("ends after")
    );
    let again = page.told("contractions", json!({ "visit": visit }));
    assert_eq!(
        (counts(&again), &again["notes"][0]["text"]),
        (Some(count), &json!("moved the leg"))
    );
    assert_eq!(std::fs::read(kept.join("raw.journal")).expect("a journal"), before);
    assert!(kept.join("edits.json").is_file());
    let verified = levator().arg("verify").arg(kept).output().expect("it runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));

    // And the next one can begin, which it has not by itself.
    assert_eq!(page.told("visits", json!({}))["visits"].as_array().map(Vec::len), Some(1));
    page.told("connect", json!({}));
    page.stage("connect");
}

/// A visit of somebody virtual, kept for `P-1`, of which the first lines were recorded; its folder.
#[cfg(unix)]
fn kept(data: &Path, programme: &str, visit: &str, most_lines: usize) -> PathBuf {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let succeeds = |command: &mut std::process::Command| {
        let ended = command.output().expect("it runs");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        ended
    };
    let words = ["simulate-visit", "--condition", "healthy", "--device", "camtech+abdomen"];
    let made = folder.path();
    let rest = ["--seed", "3", "--visit", visit, "--programme", programme, "--out"];
    succeeds(levator().args(words).args(rest).arg(made));
    let text = std::fs::read_to_string(made.join("visit.csv")).expect("it was written");
    let first: Vec<&str> = text.lines().take(most_lines).collect();
    std::fs::write(made.join("visit.csv"), first.join("\n") + "\n").expect("there is room");
    let mut import = levator();
    import.arg("import").arg(made.join("visit.csv")).args(["--person", "P-1", "--json"]);
    let ended = succeeds(import.args(["--programme", programme]).arg("--data").arg(data));
    let told: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    let kept = PathBuf::from(told["visits"][0]["folder"].as_str().expect("a folder"));
    std::fs::copy(made.join("told.toml"), kept.join("told.toml")).expect("there is room");
    kept
}

#[cfg(unix)]
#[test]
fn a_visit_that_shows_too_little_opens_nothing_but_may_close() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let data = folder.path().join("data");
    let opening = || {
        let words = ["demo", "--wait", "--no-open", "--data", data.to_str().expect("plain")];
        let program = Program::start(&words);
        let plan = program.page().told("plan", json!({ "person": "P-1" }));
        let all = plan["programmes"].as_array().expect("a list").iter();
        let mut lying = all.filter(|one| one["id"] == "strengthening-lying");
        (lying.next().expect("it is built in")["opening"].clone(), plan["by"].clone())
    };
    let first = kept(&data, "first-visit", "0", usize::MAX);
    let name =
        |folder: &Path| format!("P-1/{}", folder.file_name().expect("a name").to_string_lossy());
    assert_eq!(opening(), (json!("open"), json!(name(&first))));
    // A minute of training by itself shows too little: the visit before it still counts.
    std::thread::sleep(Duration::from_millis(1100));
    let second = kept(&data, "strengthening-lying", "1", 3000);
    assert_eq!(opening(), (json!("open"), json!(name(&first))));
    // Unless what was reported in it closes strengthening.
    let told = second.join("told.toml");
    let text = std::fs::read_to_string(&told).expect("it was written");
    let with = |symptoms: &str| {
        let text = text.replacen("format = 1", &format!("format = 1\nsymptoms = {symptoms}"), 1);
        std::fs::write(&told, text).expect("there is room");
    };
    with("[\"pain\"]");
    assert_eq!(opening(), (json!("closed"), json!(name(&second))));
    // What it shows cannot be read: it may be that.
    with("pain");
    assert_eq!(opening(), (json!("closed"), Value::Null));
}

#[test]
fn without_a_port_and_without_a_page_it_is_said_what_to_do() {
    for (arguments, expected) in [
        (&["live", "--no-page"][..], "--port PORT"),
        (&["live", "--person", "P-1"], "choose it on the page"),
        (&["live", "--after", "visit"], "choose it on the page"),
    ] {
        let ended = levator().args(arguments).stdin(Stdio::null()).output().expect("it runs");
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
}
