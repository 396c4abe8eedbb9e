//! How the console's functions are called: arguments form-encoded (a query with GET, a body with POST), the answer in
//! JSON, and a problem for whatever went wrong.

use std::marker::PhantomData;

use leptos::server_fn::client::Client;
use leptos::server_fn::codec::Encoding;
use leptos::server_fn::server::Server;
use leptos::server_fn::{Http, Protocol};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Failure;
use super::encoding::JsonAnswer;
use crate::dom::Form;

/// The protocol of a function whose arguments come as `Input` says: `GetUrl` for reading, `PostUrl` for changing.
pub struct Console<Input>(PhantomData<Input>);

impl<Arguments, Answer, C, S, Input> Protocol<Arguments, Answer, C, S, Failure> for Console<Input>
where
    Http<Input, JsonAnswer>: Protocol<Arguments, Answer, C, S, Failure>,
    Input: Encoding,
    C: Client<Failure>,
    S: Server<Failure>,
    Arguments: Serialize + Send,
    Answer: DeserializeOwned + Send,
{
    const METHOD: http::Method = Input::METHOD;

    async fn run_server<F, Fut>(request: S::Request, function: F) -> Result<S::Response, Failure>
    where
        F: Fn(Arguments) -> Fut + Send,
        Fut: Future<Output = Result<Answer, Failure>> + Send,
    {
        <Http<Input, JsonAnswer>>::run_server(request, function).await
    }

    #[cfg(not(feature = "hydrate"))]
    async fn run_client(path: &str, arguments: Arguments) -> Result<Answer, Failure> {
        <Http<Input, JsonAnswer>>::run_client(path, arguments).await
    }

    /// As [`Http`] does it, but with one function that asks for all the console's functions: a copy of it for each
    /// would be 7 kB of WebAssembly.
    #[cfg(feature = "hydrate")]
    async fn run_client(path: &str, arguments: Arguments) -> Result<Answer, Failure> {
        let arguments = serde_qs::to_string(&arguments).map_err(|error| in_browser::unsendable(&error.to_string()))?;
        let text = in_browser::ask(path.to_owned(), arguments, Input::METHOD == http::Method::GET).await?;
        super::encoding::read(&text).map_err(|_| in_browser::strange())
    }
}

/// Sends a form as it stands, and reads the answer. On the server there is nobody to send one.
///
/// # Errors
/// What the function answers, or that there was no answer.
#[cfg(not(feature = "hydrate"))]
pub(crate) async fn post<T>(_form: Form) -> Result<T, Failure> {
    std::future::pending().await
}

#[cfg(feature = "hydrate")]
pub(crate) async fn post<T: DeserializeOwned>(form: Form) -> Result<T, Failure> {
    let text = in_browser::ask(form.path, form.body, false).await?;
    super::encoding::read(&text).map_err(|_| in_browser::strange())
}

#[cfg(feature = "hydrate")]
mod in_browser {
    use std::pin::Pin;

    use domain::problem::{Code, Problem};
    use leptos::prelude::window;
    use send_wrapper::SendWrapper;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{AbortSignal, Headers, RequestInit, Response};

    use crate::api::{Failure, encoding};
    use crate::message;

    /// Longer than any answer takes: a server that says nothing at all has not answered.
    const PATIENCE: u32 = 15_000;

    type Asking = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>>;

    /// The answer's text, or why there is none.
    pub(super) fn ask(path: String, arguments: String, reads: bool) -> Asking {
        Box::pin(SendWrapper::new(async move {
            let (ok, text) = fetch(path, arguments, reads).await.map_err(|_| unanswered())?;
            if ok { Ok(text) } else { Err(encoding::read(&text).unwrap_or_else(|_| strange())) }
        }))
    }

    async fn fetch(path: String, arguments: String, reads: bool) -> Result<(bool, String), JsValue> {
        let headers = Headers::new()?;
        headers.set("accept", "application/json")?;
        let init = RequestInit::new();
        let url = if reads {
            format!("{path}?{arguments}")
        } else {
            headers.set("content-type", "application/x-www-form-urlencoded")?;
            init.set_method("POST");
            init.set_body(&arguments.into());
            path
        };
        init.set_headers(&headers);
        init.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE)));
        let response: Response = JsFuture::from(window().fetch_with_str_and_init(&url, &init)).await?.unchecked_into();
        let text = JsFuture::from(response.text()?).await?;
        Ok((response.ok(), text.as_string().unwrap_or_default()))
    }

    fn unanswered() -> Failure {
        Failure(Problem::new(Code::Unavailable, message::NO_ANSWER))
    }

    pub(super) fn strange() -> Failure {
        Failure(Problem::new(Code::Unavailable, message::STRANGE_ANSWER))
    }

    pub(super) fn unsendable(why: &str) -> Failure {
        Failure(Problem::new(Code::InvalidRequest, why))
    }
}
