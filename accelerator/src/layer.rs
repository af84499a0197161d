//! The layer that wraps a router in an [`AcceleratorService`].

use tower::Layer;

use crate::accelerator::Accelerator;
use crate::service::AcceleratorService;

/// Writes the caching headers of each response's [`Policy`](crate::Policy), and stores what may be stored.
///
/// Put it around the whole router: inside a nested router the path lacks its beginning. Layers that set cookies
/// or add headers may wrap this one, and then only the [`Policy`](crate::Policy) decides; `nginx.conf` lets no
/// cookie pass on the paths that it looks up.
#[derive(Clone, Debug)]
pub struct AcceleratorLayer {
    accelerator: Accelerator,
}

impl Accelerator {
    /// Returns the layer to put around the whole router, where paths are still those of the client.
    pub fn layer(&self) -> AcceleratorLayer {
        AcceleratorLayer {
            accelerator: self.clone(),
        }
    }
}

impl<S> Layer<S> for AcceleratorLayer {
    type Service = AcceleratorService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AcceleratorService::new(inner, self.accelerator.clone())
    }
}
