//! From start to end: requests in flight are finished, new ones refused.

use std::time::Duration;

use interline_simulator::{Fault, Pacing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::house::{House, Plan, Seen, Speaks};

#[tokio::test]
async fn a_stream_in_flight_is_finished_after_the_gateway_was_asked_to_end() {
    let mut house = House::new().await;
    house
        .openai
        .set_pacing(Pacing::new(Duration::ZERO, Duration::from_millis(20)));
    let whole = house
        .ask(Speaks::OpenAi, &Speaks::OpenAi.hello("only"))
        .await
        .json();
    let mut response = house
        .post(Speaks::OpenAi.path(), &Speaks::OpenAi.streamed("only"))
        .send()
        .await
        .expect("a reply");
    response
        .chunk()
        .await
        .expect("a first chunk")
        .expect("some bytes");
    let url = house.url.clone();
    let http = house.http.clone();
    house.shut_down();
    sleep(Duration::from_millis(50)).await;
    assert!(
        http.get(format!("{url}/healthz")).send().await.is_err(),
        "the port is closed"
    );
    let seen = Seen::read(response).await;
    assert_eq!(seen.broke, None);
    assert!(seen.text().ends_with("data: [DONE]\n\n"), "{}", seen.text());
    let ends = Speaks::OpenAi.text(&whole);
    let last_word = ends.split(' ').next_back().expect("a word").to_owned();
    assert!(
        seen.text().contains(&last_word),
        "{last_word}: {}",
        seen.text()
    );
    timeout(Duration::from_secs(2), house.has_ended())
        .await
        .expect("nothing is left to do");
}

#[tokio::test]
async fn whoever_connected_before_the_port_closed_is_served() {
    let mut house = House::new().await;
    let address = house.url.trim_start_matches("http://").to_owned();
    let mut early = Vec::new();
    for _ in 0..20 {
        early.push(TcpStream::connect(&address).await.expect("it listens"));
    }
    house.shut_down();
    sleep(Duration::from_millis(10)).await;
    for mut stream in early {
        let request = b"GET /healthz HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("it is open");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.expect("no reset");
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    }
    timeout(Duration::from_secs(2), house.has_ended())
        .await
        .expect("nothing is left to do");
}

#[tokio::test]
async fn a_request_that_outlives_the_grace_period_is_cut() {
    let mut plan = Plan::default();
    plan.limits.drain = Duration::from_millis(200);
    let mut house = House::built(plan).await;
    house
        .openai
        .set_pacing(Pacing::new(Duration::ZERO, Duration::from_millis(300)));
    let response = house
        .post(Speaks::OpenAi.path(), &Speaks::OpenAi.streamed("only"))
        .send()
        .await
        .expect("a reply");
    house.shut_down();
    timeout(Duration::from_secs(1), house.has_ended())
        .await
        .expect("the grace period is over");
    drop(response);
}

#[tokio::test]
async fn a_client_that_stops_reading_does_not_hold_the_vendor() {
    let mut plan = Plan::default();
    plan.limits.stalled_read = Duration::from_millis(200);
    let house = House::built(plan).await;
    house.openai.push_fault(Fault::EndlessBody);
    let response = house
        .post(Speaks::OpenAi.path(), &Speaks::OpenAi.streamed("only"))
        .send()
        .await
        .expect("a reply");
    let let_go = house.openai.ledger().wait_until(|ledger| {
        let last = ledger.exchanges().into_iter().next_back();
        last.is_some_and(|exchange| exchange.client_left_at().is_some())
    });
    timeout(Duration::from_secs(10), let_go)
        .await
        .expect("the vendor is let go");
    drop(response);
}
