//! Real clients in Python and JavaScript against a gateway process with simulated vendors behind it.

use interline_tests::environment::Output;
use interline_tests::house::House;
use interline_tests::node::Node;
use interline_tests::python::Python;

/// Starts a house and lets a client loose on it; `prepare` gives nothing where the client cannot run.
async fn run<C: Send + 'static>(
    prepare: fn() -> Option<C>,
    script: fn(&C, &[(&str, &str)]) -> Output,
) {
    let prepared = tokio::task::spawn_blocking(prepare).await;
    let Some(client) = prepared.expect("the set-up does not panic") else {
        return;
    };
    let house = House::start().await;
    let url = house.url().to_owned();
    tokio::task::spawn_blocking(move || {
        script(&client, &[("INTERLINE_BASE_URL", &url)]).assert_success();
    })
    .await
    .expect("the script succeeds");
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_for_python_is_served() {
    run(Python::or_skip, |python, env| {
        python.run("openai_sdk.py", &[], env)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropic_for_python_is_served() {
    run(Python::or_skip, |python, env| {
        python.run("anthropic_sdk.py", &[], env)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn langchain_is_served() {
    run(Python::or_skip, |python, env| {
        python.run("langchain_client.py", &[], env)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_for_javascript_is_served() {
    run(Node::or_skip, |node, env| node.run("openai_sdk.mjs", env)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropic_for_javascript_is_served() {
    run(Node::or_skip, |node, env| {
        node.run("anthropic_sdk.mjs", env)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ai_sdk_is_served() {
    run(Node::or_skip, |node, env| node.run("ai_sdk.mjs", env)).await;
}
