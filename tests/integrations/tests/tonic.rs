//! A trace that goes from a client of `tonic` into its server, and from there on.

use std::sync::{Arc, Mutex};

use fanlight::testing::Collector;
use fanlight::{Instrument as _, SpanKind, Value};
use futures_util::stream::Empty;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

type Interceptor = fn(Request<()>) -> Result<Request<()>, Status>;
type Client = HealthClient<InterceptedService<Channel, Interceptor>>;

/// Asks the service behind it, if there is one, and notes what headers it got.
struct Service {
    behind: Option<Client>,
    states: Arc<Mutex<Vec<Option<String>>>>,
}

#[tonic::async_trait]
impl Health for Service {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let state = request.metadata().get("tracestate");
        let state = state.map(|state| state.to_str().unwrap().to_owned());
        self.states.lock().unwrap().push(state);
        let span = fanlight::tonic::server_span("grpc.health.v1.Health/Check", &request).start();
        let behind = self.behind.clone();
        async move {
            drop(fanlight::span!("within the service"));
            if let Some(mut behind) = behind {
                behind.check(request.into_inner()).await?;
            }
            Ok(Response::new(HealthCheckResponse {
                status: ServingStatus::Serving.into(),
            }))
        }
        .instrument(span)
        .await
    }

    type WatchStream = Empty<Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("not watched"))
    }
}

async fn start(service: Service) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = Server::builder().add_service(HealthServer::new(service));
    tokio::spawn(server.serve_with_incoming(incoming));
    format!("http://{address}")
}

async fn client(url: String, interceptor: Interceptor) -> Client {
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    HealthClient::with_interceptor(channel, interceptor)
}

#[tokio::test]
async fn a_trace_goes_through_services_with_what_others_say_of_it() {
    let collector = Collector::install();
    let states = Arc::new(Mutex::new(Vec::new()));
    let service = |behind| Service {
        behind,
        states: Arc::clone(&states),
    };
    let second = start(service(None)).await;
    let behind = client(second, fanlight::tonic::propagate).await;
    let first = start(service(Some(behind))).await;

    let mut asking = client(first.clone(), fanlight::tonic::propagate).await;
    let agent = fanlight::span!("agent");
    let call = asking.check(HealthCheckRequest::default());
    call.instrument(agent.clone()).await.unwrap();
    agent.end();

    let spans = collector.spans();
    let services: Vec<_> = spans
        .iter()
        .filter(|span| span.kind == SpanKind::Server)
        .collect();
    let [inner, outer] = services[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(outer.name, "grpc.health.v1.Health/Check");
    assert_eq!(Some(outer.parent_id), Some(agent.span_id()));
    assert_eq!(inner.parent_id, Some(outer.span_id));
    assert!(
        spans
            .iter()
            .all(|span| Some(span.trace_id) == agent.trace_id())
    );
    assert_eq!(outer.get("rpc.system.name"), Some(&Value::from("grpc")));
    let within: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "within the service")
        .collect();
    assert_eq!(within[0].parent_id, Some(outer.span_id));
    assert_eq!(*states.lock().unwrap(), [None, None]);

    // A caller of another make: its own headers, and a word for its own kind.
    states.lock().unwrap().clear();
    let mut asking = client(first, |mut request| {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        request
            .metadata_mut()
            .insert("traceparent", parent.parse().unwrap());
        request
            .metadata_mut()
            .insert("tracestate", "congo=t61rcWkgMzE".parse().unwrap());
        Ok(request)
    })
    .await;
    asking.check(HealthCheckRequest::default()).await.unwrap();
    let state = Some("congo=t61rcWkgMzE".to_owned());
    assert_eq!(*states.lock().unwrap(), [state.clone(), state]);
    let spans = collector.spans();
    let outer = spans
        .iter()
        .rfind(|span| span.kind == SpanKind::Server)
        .unwrap();
    assert_eq!(
        outer.trace_id.to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(outer.parent_id.unwrap().to_string(), "b7ad6b7169203331");
}

#[tokio::test]
async fn callers_without_a_trace_are_no_trouble() {
    let collector = Collector::install();
    let states = Arc::default();
    let url = start(Service {
        behind: None,
        states,
    })
    .await;
    let mut asking = client(url, fanlight::tonic::propagate).await;
    asking.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(
        collector.span("grpc.health.v1.Health/Check").parent_id,
        None
    );
}
