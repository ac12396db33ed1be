//! A GET that is answered as it should be.

use http::Request;

use super::secrets::{Kept, Secrets};
use super::web::{Page, fetch};
use super::window::{Told, Wrong};
use crate::schedule::spec::probe::HttpSpec;

/// A page that is asked for.
pub(super) struct Http {
    spec: HttpSpec,
    secrets: Secrets,
    authority: Kept<Option<String>>,
}

impl Http {
    pub(super) fn new(spec: &HttpSpec, secrets: Secrets) -> Self {
        Self {
            spec: spec.clone(),
            secrets,
            authority: Kept::default(),
        }
    }

    /// Reads the authority, if there is one of its own.
    pub(super) async fn prepare(&self) -> Result<(), String> {
        let read = async {
            match &self.spec.authority_secret {
                Some(name) => self.secrets.authority(name).await.map(Some),
                None => Ok(None),
            }
        };
        self.authority.fresh(read).await.map(drop)
    }

    pub(super) async fn ask(&self) -> Told {
        let Some(authority) = self.authority.held() else {
            return Err(Wrong::Failed("its authority was not read".to_owned()));
        };
        let request = Request::get(self.spec.url.as_str());
        let page = fetch(request, Vec::new(), (*authority).as_deref()).await;
        page.map_err(Wrong::Failed)
            .and_then(|page| said(&self.spec, &page))
    }
}

/// Whether that is the page that was meant.
fn said(spec: &HttpSpec, page: &Page) -> Told {
    let status = page.status;
    let good = match spec.status {
        Some(wanted) => status.as_u16() == wanted,
        None => status.is_success(),
    };
    if !good {
        let wanted = spec.status.map(|it| it.to_string());
        let wanted = wanted.unwrap_or_else(|| "200 to 299".to_owned());
        return Err(Wrong::Failed(format!("{status}, expected {wanted}")));
    }
    match &spec.contains {
        Some(text) if !contains(&page.body, text.as_bytes()) => Err(Wrong::Failed(format!(
            "{status}, but {text:?} is not in the body"
        ))),
        Some(_) | None => Ok(status.to_string()),
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|part| part == text)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn told(spec: &HttpSpec, status: StatusCode, body: &str) -> Result<String, String> {
        let page = Page {
            status,
            body: body.into(),
        };
        said(spec, &page).map_err(|wrong| match wrong {
            Wrong::Failed(seen) | Wrong::Silent(seen) => seen,
        })
    }

    #[test]
    fn a_status_and_a_body_are_what_they_should_be_or_not() {
        let any = HttpSpec::default();
        assert_eq!(
            told(&any, StatusCode::NO_CONTENT, "").unwrap(),
            "204 No Content"
        );
        let moved = told(&any, StatusCode::FOUND, "").unwrap_err();
        assert_eq!(moved, "302 Found, expected 200 to 299");
        let spec = HttpSpec {
            status: Some(503),
            contains: Some("away".to_owned()),
            ..any
        };
        assert!(told(&spec, StatusCode::SERVICE_UNAVAILABLE, "far away").is_ok());
        assert!(told(&spec, StatusCode::OK, "far away").is_err());
        let wrong = told(&spec, StatusCode::SERVICE_UNAVAILABLE, "awa y").unwrap_err();
        assert_eq!(
            wrong,
            "503 Service Unavailable, but \"away\" is not in the body"
        );
    }
}
