//! The layer that puts an [`AcceleratorService`] around a router.

use tower::Layer;

use crate::{Accelerator, AcceleratorService};

/// Writes the caching headers that each response's [`Policy`](crate::Policy) means, and stores what may be stored.
///
/// Put it around the whole router: inside a nested one the path would lack its beginning. Layers that
/// set cookies or add headers may stand outside of it, and then only [`Policy`](crate::Policy) decides;
/// `nginx.conf` lets no cookie pass on the paths that it looks up.
#[derive(Clone, Debug)]
pub struct AcceleratorLayer {
    accelerator: Accelerator,
}

impl AcceleratorLayer {
    pub(crate) fn new(accelerator: Accelerator) -> Self {
        Self { accelerator }
    }
}

impl<S> Layer<S> for AcceleratorLayer {
    type Service = AcceleratorService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AcceleratorService::new(inner, self.accelerator.clone())
    }
}
