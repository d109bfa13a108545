/*
 * A device on Leshan's client library. It bootstraps, says what it holds afterwards, and registers
 * with the server that it was given. Prints one line an event:
 *
 *	bootstrapped
 *	holds /0/1/0 coap://127.0.0.1:40123
 *	registered coap://127.0.0.1:40123
 *
 * Ends with 0 when it has done that as often as it was asked to, 1 otherwise.
 */
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.eclipse.leshan.client.LeshanClient;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.californium.endpoint.CaliforniumClientEndpointsProvider;
import org.eclipse.leshan.client.californium.endpoint.coap.CoapOscoreProtocolProvider;
import org.eclipse.leshan.client.californium.endpoint.coaps.CoapsClientProtocolProvider;
import org.eclipse.leshan.client.engine.DefaultRegistrationEngineFactory;
import org.eclipse.leshan.client.object.Device;
import org.eclipse.leshan.client.object.Oscore;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.codec.DefaultLwM2mDecoder;
import org.eclipse.leshan.core.node.codec.DefaultLwM2mEncoder;
import org.eclipse.leshan.core.node.codec.LwM2mValueChecker;
import org.eclipse.leshan.core.oscore.OscoreSetting;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.RegisterRequest;
import org.eclipse.leshan.core.util.datatype.ULong;

public final class LeshanDevice {
	private static final int OSCORE_INSTANCE = 21;

	private final Map<String, String> options;
	private final CountDownLatch done = new CountDownLatch(1);
	private LeshanClient client;
	private int runs;
	private volatile boolean whole;

	private LeshanDevice(Map<String, String> options) {
		this.options = options;
		this.runs = Integer.parseInt(options.getOrDefault("runs", "1"));
	}

	private static synchronized void say(String format, Object... args) {
		System.out.println(String.format(format, args));
	}

	private static String text(Object value) {
		return value instanceof byte[] octets ? HexFormat.of().formatHex(octets) : String.valueOf(value);
	}

	private static byte[] octets(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static String reason(ResponseCode code, String message, Exception cause) {
		return code == null ? cause.getMessage() : message == null ? code.toString() : code + " " + message;
	}

	private byte[] file(String option) throws IOException {
		return Files.readAllBytes(Path.of(options.get(option)));
	}

	/* "server-certificate" is strapd's own or its authority's, as "usage" has it (LwM2M 1.1.1, /0/x/15). */
	private Security account() throws IOException {
		String server = options.get("server");
		if (options.containsKey("psk-identity"))
			return Security.pskBootstrap(server, octets(options.get("psk-identity")),
					HexFormat.of().parseHex(options.get("psk-key")));
		if (options.containsKey("certificate"))
			return Security.x509Bootstrap(server, file("certificate"), file("private-key"),
					file("server-certificate"), ULong.valueOf(options.get("usage")));
		if (options.containsKey("oscore-secret"))
			return Security.oscoreOnlyBootstrap(server, OSCORE_INSTANCE);
		return Security.noSecBootstrap(server);
	}

	private Oscore oscore() {
		return new Oscore(OSCORE_INSTANCE, new OscoreSetting(octets(options.get("oscore-sender")),
				HexFormat.of().parseHex(options.get("oscore-recipient")),
				HexFormat.of().parseHex(options.get("oscore-secret"))));
	}

	private List<LwM2mObjectEnabler> objects() throws IOException {
		ObjectsInitializer all = new ObjectsInitializer();
		all.setInstancesForObject(LwM2mId.SECURITY, account());
		all.setClassForObject(LwM2mId.SERVER, Server.class);
		all.setInstancesForObject(LwM2mId.DEVICE, new Device("strapd", "interop", "1"));
		if (options.containsKey("oscore-secret"))
			all.setInstancesForObject(LwM2mId.OSCORE, oscore());
		else
			all.setClassForObject(LwM2mId.OSCORE, Oscore.class);
		all.setDummyInstancesForObject(LwM2mId.ACCESS_CONTROL);
		return all.createAll();
	}

	/* What it holds, as it reads itself. */
	private void tell() {
		for (int object : new int[] { LwM2mId.SECURITY, LwM2mId.SERVER }) {
			LwM2mObjectEnabler enabler = client.getObjectTree().getObjectEnabler(object);
			for (int instance : enabler.getAvailableInstanceIds())
				tell(object, (LwM2mObjectInstance) enabler.read(LwM2mServer.SYSTEM,
						new ReadRequest(object, instance)).getContent());
		}
	}

	private static void tell(int object, LwM2mObjectInstance instance) {
		for (LwM2mResource r : new TreeMap<>(instance.getResources()).values()) {
			String path = "/" + object + "/" + instance.getId() + "/" + r.getId();
			if (!r.isMultiInstances()) {
				say("holds %s %s", path, text(r.getValue()));
				continue;
			}
			for (LwM2mResourceInstance i : r.getInstances().values())
				say("holds %s/%d %s", path, i.getId(), text(i.getValue()));
		}
	}

	/* Called on the client's own thread, so what follows is done on another. */
	private void next() {
		runs--;
		if (runs > 0) {
			client.triggerClientInitiatedBootstrap(true);
			return;
		}
		whole = true;
		done.countDown();
	}

	private final class Observer extends LwM2mClientObserverAdapter {
		@Override
		public void onBootstrapSuccess(LwM2mServer server, BootstrapRequest request) {
			say("bootstrapped");
			tell();
			if (options.containsKey("no-registration"))
				next();
		}

		@Override
		public void onBootstrapFailure(LwM2mServer server, BootstrapRequest request, ResponseCode code,
				String message, Exception cause) {
			say("bootstrap failed: %s", reason(code, message, cause));
			done.countDown();
		}

		@Override
		public void onBootstrapTimeout(LwM2mServer server, BootstrapRequest request) {
			say("bootstrap failed: no answer, or no end");
			done.countDown();
		}

		@Override
		public void onRegistrationSuccess(LwM2mServer server, RegisterRequest request, String id) {
			say("registered %s", server.getUri());
			next();
		}

		@Override
		public void onRegistrationFailure(LwM2mServer server, RegisterRequest request, ResponseCode code,
				String message, Exception cause) {
			say("registration failed: %s", reason(code, message, cause));
			done.countDown();
		}

		@Override
		public void onRegistrationTimeout(LwM2mServer server, RegisterRequest request) {
			say("registration failed: no answer");
			done.countDown();
		}

		@Override
		public void onUnexpectedError(Throwable error) {
			say("error: %s", error);
			done.countDown();
		}
	}

	/* With "format" the device knows that one alone, asks for it and refuses all others. */
	private void limitFormats(LeshanClientBuilder builder, DefaultRegistrationEngineFactory engine) {
		if (!options.containsKey("format"))
			return;
		ContentFormat format = ContentFormat.fromCode(options.get("format"));
		var decoders = new HashMap<>(DefaultLwM2mDecoder.getDefaultNodeDecoders(false));
		var encoders = new HashMap<>(DefaultLwM2mEncoder.getDefaultNodeEncoders(false));
		decoders.keySet().retainAll(List.of(format));
		encoders.keySet().retainAll(List.of(format));
		builder.setDecoder(new DefaultLwM2mDecoder(decoders, new HashMap<>()));
		builder.setEncoder(new DefaultLwM2mEncoder(encoders, new HashMap<>(), new LwM2mValueChecker()));
		engine.setPreferredContentFormat(format);
	}

	private int run() throws Exception {
		long limit = Long.parseLong(options.getOrDefault("limit", "30"));
		var provider = new CaliforniumClientEndpointsProvider.Builder(new CoapOscoreProtocolProvider(),
				new CoapsClientProtocolProvider());
		provider.setClientAddress(InetAddress.getByName("127.0.0.1"));
		provider.setConfiguration(provider.createDefaultConfiguration());

		var engine = new DefaultRegistrationEngineFactory();
		engine.setBootstrapSessionTimeoutInSec((int) limit);
		engine.setRequestTimeoutInMs(TimeUnit.SECONDS.toMillis(limit));
		var builder = new LeshanClientBuilder(options.get("endpoint"));
		limitFormats(builder, engine);
		builder.setObjects(objects());
		builder.setEndpointsProviders(provider.build());
		builder.setRegistrationEngineFactory(engine);
		client = builder.build();
		client.addObserver(new Observer());
		client.start();
		if (!done.await(limit, TimeUnit.SECONDS))
			say("out of time");
		client.destroy(false);
		return whole ? 0 : 1;
	}

	public static void main(String[] args) throws Exception {
		Map<String, String> options = new HashMap<>();
		for (String arg : args) {
			int at = arg.indexOf('=');
			options.put(at < 0 ? arg : arg.substring(0, at), at < 0 ? "" : arg.substring(at + 1));
		}
		System.exit(new LeshanDevice(options).run());
	}
}
