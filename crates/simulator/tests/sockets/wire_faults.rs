//! Faults below the meaning of an answer: lengths, labels, spellings, compression, doors, idle connections.

use std::time::Duration;

use interline_simulator::{Door, Fault, Reply, Script, SseTorture, Vendor};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::client::{call, client, data_of, read_to_end, soon, streaming};

async fn vendor(fault: Fault) -> Vendor {
    Vendor::openai("sick")
        .with_script(Script::new().next(1, fault))
        .with_reply(Reply::text("one two é three"))
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn wrong_length_is_promised_and_not_kept() {
    let short = vendor(Fault::WrongLength { by: -5 }).await;
    let response = call(&client(), &short, &json!({})).send().await.unwrap();
    assert!(response.json::<Value>().await.unwrap_err().is_decode());
    for more in [json!({}), streaming()] {
        let long = vendor(Fault::WrongLength { by: 5 }).await;
        let mut response = call(&client(), &long, &more).send().await.unwrap();
        let mut missing = response.content_length().unwrap();
        while missing > 5 {
            missing -= soon(response.chunk()).await.unwrap().unwrap().len() as u64;
        }
        let quiet = tokio::time::timeout(Duration::from_millis(100), response.chunk());
        assert!(quiet.await.is_err(), "the connection stays open");
        assert_eq!(long.faults_fired()["wrong_length"], 1);
    }
}

#[tokio::test]
async fn garbage_is_no_http() {
    let vendor = vendor(Fault::Garbage).await;
    let error = call(&client(), &vendor, &json!({}))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert_eq!(vendor.faults_fired()["garbage"], 1);
}

#[tokio::test]
async fn content_type_and_headers_are_added_to_the_right_body() {
    let value = "text/plain".to_owned();
    let relabelled = vendor(Fault::ContentType { value }).await;
    let response = call(&client(), &relabelled, &json!({}))
        .send()
        .await
        .unwrap();
    let types: Vec<_> = response.headers().get_all("content-type").iter().collect();
    assert_eq!(types, ["text/plain"]);
    assert!(response.text().await.unwrap().contains("three"));
    let laden = vendor(Fault::ManyHeaders {
        count: 40,
        value_bytes: 9,
    })
    .await;
    let response = call(&client(), &laden, &json!({})).send().await.unwrap();
    assert_eq!(response.headers()["x-filler-39"], "yyyyyyyyy");
}

#[tokio::test]
async fn deep_json_is_in_front_of_the_answer_and_of_every_event() {
    let deep = vendor(Fault::DeepJson { depth: 3 }).await;
    let response = call(&client(), &deep, &json!({})).send().await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["deep"], json!([[[]]]));
    assert!(body["choices"].is_array());
    let deep = vendor(Fault::DeepJson { depth: 3 }).await;
    let response = call(&client(), &deep, &streaming()).send().await.unwrap();
    let events = data_of(&response.text().await.unwrap());
    let objects = events.iter().filter(|event| event.is_object());
    assert!(objects.clone().count() > 3);
    assert!(objects.clone().all(|event| event["deep"] == json!([[[]]])));
}

#[tokio::test]
async fn gzip_bomb_is_small_on_the_wire() {
    let bomb = vendor(Fault::GzipBomb { bytes: 8 << 20 }).await;
    client(); // Installs what reqwest needs.
    let as_sent = reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .build()
        .unwrap();
    let response = call(&as_sent, &bomb, &json!({})).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let (body, ended) = read_to_end(response).await;
    ended.unwrap();
    assert!(body.len() < 16 * 1024, "{} bytes", body.len());
}

#[tokio::test]
async fn tortured_events_still_say_the_same() {
    // What the lines of a body say once line ends, comments and unknown fields are undone, by hand.
    let data = |body: &str| {
        let body = body.trim_start_matches('\u{feff}');
        let lines = body.replace("\r\n", "\n").replace('\r', "\n");
        let events = lines.split("\n\n").map(|event| {
            let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
            lines.collect::<Vec<_>>().join("\n").trim_start().to_owned()
        });
        events
            .filter(|data| !data.is_empty() && data != "[DONE]")
            .map(|data| serde_json::from_str(&data).unwrap())
            .collect::<Vec<Value>>()
    };
    let plain = vendor(Fault::SseTorture(SseTorture::TinyChunks)).await;
    let response = call(&client(), &plain, &streaming()).send().await.unwrap();
    let expected = data(&response.text().await.unwrap());
    assert!(expected.len() > 4);
    for torture in [
        SseTorture::Cr,
        SseTorture::CrLf,
        SseTorture::ByteOrderMark,
        SseTorture::Comments,
        SseTorture::SplitData,
        SseTorture::GiantComment { bytes: 100_000 },
        SseTorture::Everything,
    ] {
        let vendor = vendor(Fault::SseTorture(torture)).await;
        let response = call(&client(), &vendor, &streaming()).send().await.unwrap();
        let (body, ended) = soon(read_to_end(response)).await;
        ended.unwrap();
        let text = String::from_utf8(body).unwrap();
        assert_eq!(data(&text), expected, "{torture:?}");
        assert_eq!(vendor.faults_fired()["sse_torture"], 1);
    }
}

#[tokio::test]
async fn closing_door_ends_connections_with_a_fin() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    vendor.set_door(Door::Close).await.unwrap();
    let mut stream = TcpStream::connect(vendor.address()).await.unwrap();
    assert_eq!(soon(stream.read(&mut [0; 8])).await.unwrap(), 0);
    assert!(vendor.faults_fired()["closed_on_accept"] >= 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn unreachable_port_lets_connect_timeouts_run_out_and_comes_back() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    vendor.set_door(Door::Unreachable).await.unwrap();
    let connect = TcpStream::connect(vendor.address());
    let connected = tokio::time::timeout(Duration::from_millis(200), connect).await;
    assert!(connected.is_err(), "{connected:?}");
    vendor.set_door(Door::Open).await.unwrap();
    let answer = soon(call(&client(), &vendor, &json!({})).send())
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn idle_connections_are_closed_and_only_idle_ones() {
    let idle = Duration::from_millis(80);
    let vendor = Vendor::openai("alpha")
        .with_idle_timeout(idle)
        .start()
        .await
        .unwrap();
    let client = client();
    let response = call(&client, &vendor, &json!({})).send().await.unwrap();
    response.text().await.unwrap();
    let none = |ledger: &interline_simulator::Ledger| ledger.active_connections() == 0;
    soon(vendor.ledger().wait_until(none)).await;
    assert_eq!(vendor.faults_fired()["idle_closed"], 1);
    let fresh = TcpStream::connect(vendor.address()).await.unwrap();
    tokio::time::sleep(2 * idle).await;
    assert_eq!(
        vendor.ledger().active_connections(),
        1,
        "nothing was asked over it yet"
    );
    drop(fresh);
}
