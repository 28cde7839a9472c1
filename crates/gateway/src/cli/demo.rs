//! `interline demo`: plays the script, shows the table, says how it went, and then keeps serving.

use clap::Args;
use interline::Registry;
use tokio::sync::oneshot;

use super::exit::Exit;
use crate::demo::{Stage, introduce, invite, play};
use crate::{BoundGateway, Signals};

/// What `demo` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// End after the script instead of serving on until Ctrl-C
    #[arg(long)]
    once: bool,
    /// Where the demo's gateway listens; port 0 is any free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: String,
}

/// Runs the demo.
pub(super) async fn perform(arguments: Arguments, registry: Registry) -> Result<(), Exit> {
    let stage = Stage::build().await?;
    let gateway = stage.open(&arguments.listen, registry).await?;
    let url = format!("http://{}", gateway.address());
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve(gateway, stopped));
    introduce(&stage, &url);
    let score = play(&stage, &url).await?;
    anstream::println!("{score}");
    if !arguments.once {
        stage.make_unreliable();
        invite(&url);
        let mut signals = Signals::listen()?;
        signals.next().await;
    }
    // Dropping the sender stops the gateway too; it has nothing left to finish.
    drop(stop);
    served
        .await
        .map_err(|error| Exit::failed(error.to_string()))?;
    if score.is_perfect() {
        Ok(())
    } else {
        Err(Exit::failed(
            "some requests did not end as they should; see ✗ above",
        ))
    }
}

async fn serve(gateway: BoundGateway, stopped: oneshot::Receiver<()>) {
    gateway
        .serve_until(async {
            // An error means that the sender was dropped, which is how this demo says stop.
            let _ = stopped.await;
        })
        .await;
}
