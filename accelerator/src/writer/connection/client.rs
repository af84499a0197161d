//! One connection to a memcached, opened at its first exchange.

use std::sync::Arc;

use memcache::exp::{AsyncMetaClient, Error, Result};

use crate::writer::server::Server;

pub(in crate::writer) struct Connection {
    pub(super) server: Arc<Server>,
    pub(super) client: Option<AsyncMetaClient>,
}

impl Connection {
    pub(in crate::writer) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            client: None,
        }
    }

    /// Closes the connection after a failure. A reply to another command that was read to its end leaves the client
    /// content with the connection, and the next reply may belong to another command as well.
    pub(super) fn close_on_error<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.client = None;
        }
        result
    }

    /// Returns the client, which connects at its first exchange and again after a failed one.
    pub(super) async fn client(&mut self) -> Result<AsyncMetaClient> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = AsyncMetaClient::builder()
            .connect_timeout(Some(self.server.options.connect_timeout))
            .io_timeout(Some(self.server.options.io_timeout))
            .connect_async(self.server.address)
            .await?;
        Ok(self.client.insert(client).clone())
    }
}

/// A well-formed reply that does not answer the command.
pub(super) fn unexpected_reply() -> Error {
    Error::Protocol("the reply answers another command".to_owned())
}
